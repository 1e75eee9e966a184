/** Webhooks, their secrets, and what was sent to them. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Choice, Field, Tick } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { Icon } from '../../components/Icon';
import { Confirm, Modal } from '../../components/Modal';
import { Empty, notReadYet } from '../../components/Page';
import { Secret } from '../../components/Secret';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import {
  addWebhook,
  changeWebhook,
  type OutgoingCall,
  removeWebhook,
  retryDelivery,
  rotateSecret,
  testWebhook,
  type Webhook,
  webhookDeliveriesQuery,
  webhooksQuery,
} from './api/things';

const KINDS: Webhook['events'] = [
  'trip.changed',
  'geofence.crossed',
  'driver.event',
  'maintenance.due',
  'alert.raised',
  'parcel.added',
  'parcel.changed',
  'parcel.zone_crossed',
  'delivery.started',
  'delivery.status_changed',
  'grade.updated',
  'attendance.updated',
  'scores.updated',
];

export function Webhooks() {
  const t = useText();
  const queries = useQueryClient();
  const query = useQuery(webhooksQuery);
  const [edited, setEdited] = useState<Webhook | 'new' | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [removed, setRemoved] = useState<Webhook | null>(null);
  const [open, setOpen] = useState<number | null>(null);
  const refresh = () => void queries.invalidateQueries({ queryKey: webhooksQuery.queryKey });
  const remove = useMutation({
    mutationFn: removeWebhook,
    onSuccess: () => {
      setRemoved(null);
      refresh();
    },
  });
  const test = useMutation({ mutationFn: testWebhook, onSuccess: (_, id) => setOpen(id) });
  const rotate = useMutation({ mutationFn: rotateSecret, onSuccess: (hook) => setSecret(hook.secret ?? null) });
  const failure = test.error ?? rotate.error;
  return (
    <>
      <div className="toolbar">
        <span className="spacer" />
        <button type="button" className="button button-primary" onClick={() => setEdited('new')}>
          <Icon name="plus" size={18} /> {t.webhooks.add}
        </button>
      </div>
      {failure ? (
        <p className="form-error" role="alert">
          {failure.message}
        </p>
      ) : null}
      {notReadYet(query) ??
        (query.data?.length === 0 ? (
          <Empty icon="link" title={t.webhooks.empty}>
            {t.webhooks.emptyHint}
          </Empty>
        ) : (
          <ul className="webhooks">
            {query.data?.map((hook) => (
              <li key={hook.id} className="card">
                <p className="webhook-head">
                  <strong>{hook.url}</strong>
                  <span className="tag" data-tone={hook.active ? 'good' : 'warn'}>
                    {hook.active ? t.webhooks.active : t.webhooks.off}
                  </span>
                </p>
                <p className="muted">{hook.events.length === 0 ? t.webhooks.allEvents : hook.events.join(', ')}</p>
                <div className="toolbar">
                  <button
                    type="button"
                    className="button button-small"
                    aria-expanded={open === hook.id}
                    onClick={() => setOpen(open === hook.id ? null : hook.id)}
                  >
                    {t.webhooks.deliveries}
                  </button>
                  <button type="button" className="button button-small" onClick={() => test.mutate(hook.id)}>
                    {t.webhooks.test}
                  </button>
                  <button type="button" className="button button-small" onClick={() => setEdited(hook)}>
                    {t.common.edit}
                  </button>
                  <button type="button" className="button button-small" onClick={() => rotate.mutate(hook.id)}>
                    {t.webhooks.rotate}
                  </button>
                  <button type="button" className="button button-small button-danger" onClick={() => setRemoved(hook)}>
                    {t.common.remove}
                  </button>
                </div>
                {open === hook.id ? <Deliveries id={hook.id} /> : null}
              </li>
            ))}
          </ul>
        ))}
      {edited ? (
        <Modal title={edited === 'new' ? t.webhooks.add : t.webhooks.edit} onClose={() => setEdited(null)}>
          <EditWebhook
            hook={edited === 'new' ? null : edited}
            onClose={() => setEdited(null)}
            onDone={(added) => {
              setEdited(null);
              setSecret(added?.secret ?? null);
              refresh();
            }}
          />
        </Modal>
      ) : null}
      {secret ? (
        <Modal title={t.webhooks.secretTitle} mustAnswer onClose={() => setSecret(null)}>
          <p className="modal-text">{t.webhooks.secretText}</p>
          <Secret label={t.devices.keyLabel} value={secret} />
          <div className="form-actions">
            <button type="button" className="button button-primary" onClick={() => setSecret(null)}>
              {t.devices.done}
            </button>
          </div>
        </Modal>
      ) : null}
      {removed ? (
        <Confirm
          title={t.webhooks.removeTitle}
          text={t.webhooks.removeText}
          action={t.common.remove}
          isBusy={remove.isPending}
          error={remove.error?.message ?? null}
          onConfirm={() => remove.mutate(removed.id)}
          onClose={() => setRemoved(null)}
        />
      ) : null}
    </>
  );
}

interface EditProps {
  hook: Webhook | null;
  onDone: (added: Webhook | null) => void;
  onClose: () => void;
}

function EditWebhook({ hook, onDone, onClose }: EditProps) {
  const t = useText();
  return (
    <Form
      onCancel={onClose}
      onSubmit={async (data) => {
        const url = textOf(data, 'url') ?? '';
        const events = data.getAll('events').map(String) as Webhook['events'];
        if (hook) {
          await changeWebhook(hook.id, { url, events, active: data.get('active') !== null });
          onDone(null);
        } else onDone(await addWebhook({ url, events }));
      }}
    >
      {(errors) => (
        <>
          <Field
            label={t.webhooks.url}
            name="url"
            type="url"
            required
            placeholder="https://"
            defaultValue={hook?.url}
            error={errors.url}
          />
          <Choice
            label={t.webhooks.events}
            hint={t.webhooks.allEvents}
            name="events"
            multiple
            size={8}
            defaultValue={hook?.events ?? []}
            error={errors.events}
          >
            {KINDS.map((kind) => (
              <option key={kind}>{kind}</option>
            ))}
          </Choice>
          {hook ? <Tick label={t.webhooks.active} name="active" defaultChecked={hook.active} /> : null}
        </>
      )}
    </Form>
  );
}

const TONES: Record<OutgoingCall['status'], string> = { pending: 'info', delivered: 'good', dead: 'bad' };

function Deliveries({ id }: { id: number }) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const query = useQuery(webhookDeliveriesQuery(id));
  const retry = useMutation({
    mutationFn: (delivery: number) => retryDelivery(id, delivery),
    onSettled: () => queries.invalidateQueries({ queryKey: webhookDeliveriesQuery(id).queryKey }),
  });
  const waiting = notReadYet(query);
  if (waiting) return waiting;
  if (query.data?.length === 0) return <p className="muted">{t.webhooks.noDeliveries}</p>;
  return (
    <ul className="calls">
      {query.data?.map((call) => (
        <li key={call.id}>
          <time dateTime={call.created_at}>{format.moment(Date.parse(call.created_at))}</time>
          <span>{call.type ?? call.target}</span>
          <span className="tag" data-tone={TONES[call.status]}>
            {t.webhooks[call.status]}
          </span>
          <span className="muted">
            {t.webhooks.attempts(call.attempts)}
            {call.last_status === null ? '' : ` · ${call.last_status}`}
            {call.next_attempt_at ? ` · ${t.webhooks.next(format.clock(Date.parse(call.next_attempt_at)))}` : ''}
            {call.last_error ? ` · ${call.last_error}` : ''}
          </span>
          {call.status === 'dead' ? (
            <button type="button" className="button button-small" onClick={() => retry.mutate(call.id)}>
              {t.webhooks.retry}
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
