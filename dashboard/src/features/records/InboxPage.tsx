/** Notifications and messages to the signed-in user; staff also write them. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Choice, Field } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { Icon } from '../../components/Icon';
import { Modal } from '../../components/Modal';
import { Empty, notReadYet, Page } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { usersQuery } from '../../lib/api/list-users';
import { may } from '../../lib/roles';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import {
  type Message,
  messagesQuery,
  notificationsQuery,
  readMessage,
  readNotification,
  sendNotification,
} from './api/notices';
import '../../styles/records.css';

interface Notice {
  key: string;
  atMs: number;
  text: string;
  from: number | null;
  isRead: boolean;
  read: () => Promise<unknown>;
}

export function InboxPage({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const notifications = useQuery(notificationsQuery);
  const messages = useQuery(messagesQuery);
  const [isWriting, setIsWriting] = useState(false);
  const [note, setNote] = useState<string | null>(null);
  const read = useMutation({
    mutationFn: (notice: Notice) => notice.read(),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: notificationsQuery.queryKey });
      await queries.invalidateQueries({ queryKey: messagesQuery.queryKey });
    },
  });
  const notices: Notice[] = [
    ...(notifications.data ?? []).map((each) => ({
      key: `notification ${each.id}`,
      atMs: Date.parse(each.created_at),
      text: each.message,
      from: null,
      isRead: each.is_read,
      read: () => readNotification(each.id),
    })),
    ...(messages.data ?? []).map((each) => ({
      key: `message ${each.id}`,
      atMs: Date.parse(each.created_at),
      text: textOfMessage(each),
      from: each.sender_id,
      isRead: each.is_read,
      read: () => readMessage(each.id),
    })),
  ].sort((a, b) => b.atMs - a.atMs);

  return (
    <Page
      title={t.inbox.title}
      actions={
        may(me, 'records') ? (
          <button type="button" className="button button-primary" onClick={() => setIsWriting(true)}>
            <Icon name="plus" size={18} /> {t.inbox.write}
          </button>
        ) : null
      }
    >
      {note ? <p role="status">{note}</p> : null}
      {notReadYet(notifications) ??
        notReadYet(messages) ??
        (notices.length === 0 ? (
          <Empty icon="inbox" title={t.inbox.none}>
            {t.inbox.noneHint}
          </Empty>
        ) : (
          <ul className="notices" aria-live="polite" aria-relevant="additions">
            {notices.map((notice) => (
              <li key={notice.key} data-read={notice.isRead}>
                <span className="grow">
                  <span className="notice-body">{notice.text}</span>
                  <small className="muted">
                    {notice.from === null ? '' : `${t.inbox.from(notice.from)} · `}
                    {format.moment(notice.atMs)}
                  </small>
                </span>
                {notice.isRead ? null : (
                  <button type="button" className="button button-small" onClick={() => read.mutate(notice)}>
                    {t.inbox.read}
                  </button>
                )}
              </li>
            ))}
          </ul>
        ))}
      {isWriting ? (
        <Modal title={t.inbox.write} onClose={() => setIsWriting(false)}>
          <Write
            me={me}
            onClose={() => setIsWriting(false)}
            onSent={(count) => {
              setIsWriting(false);
              setNote(t.inbox.sent(count));
            }}
          />
        </Modal>
      ) : null}
    </Page>
  );
}

function Write({ me, onSent, onClose }: { me: Me; onSent: (count: number) => void; onClose: () => void }) {
  const t = useText();
  const id = useId();
  const { data: users } = useQuery({ ...usersQuery, enabled: may(me, 'people') });
  return (
    <Form
      action={t.inbox.send}
      onCancel={onClose}
      onSubmit={async (data) => {
        const ids = data
          .getAll('to')
          .flatMap((value) => String(value).split(/[\s,]+/))
          .map(Number)
          .filter((each) => Number.isSafeInteger(each) && each > 0);
        await sendNotification(ids, textOf(data, 'text') ?? '');
        onSent(ids.length);
      }}
    >
      {(errors) => (
        <>
          {users ? (
            <Choice label={t.inbox.to} hint={t.inbox.toHint} name="to" multiple required error={errors.user_ids}>
              {users.map((user) => (
                <option key={user.id} value={user.id}>
                  {user.username}
                </option>
              ))}
            </Choice>
          ) : (
            <Field label={t.inbox.to} hint={t.inbox.toHint} name="to" required error={errors.user_ids} />
          )}
          <div className="field">
            <label htmlFor={id}>{t.inbox.text}</label>
            <textarea id={id} name="text" required maxLength={2000} />
          </div>
        </>
      )}
    </Form>
  );
}

/** A message has its sender's fields: the usual ones come first. */
function textOfMessage(message: Message): string {
  const { id, sender_id, is_read, created_at, read_at, subject, body, ...rest } = message as Message &
    Record<string, unknown>;
  const shown = [subject, body].filter((each): each is string => typeof each === 'string');
  if (shown.length > 0) return shown.join('\n');
  return Object.entries(rest)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
}
