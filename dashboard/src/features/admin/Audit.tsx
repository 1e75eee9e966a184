/** Who did what to what, and when: with filters, the values of before and after, and as a file. */

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Choice, Field } from '../../components/Field';
import { textOf } from '../../components/Form';
import { Empty, notReadYet } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { usersQuery } from '../../lib/api/list-users';
import { useUserName } from '../../lib/api/useUserName';
import { addDays, dayStartMs } from '../../lib/settings/days';
import { type Format, useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { type AuditEntry, type AuditFilter, auditFile, auditQuery } from './api/access';
import '../../styles/audit.css';

/** Kinds of things, each with what is done to it (docs/audit.md). */
const ACTIONS = [
  ...['user.create', 'user.update', 'user.delete', 'user.invite'],
  ...['access_token.create', 'access_token.delete'],
  ...['vehicle.create', 'vehicle.update', 'vehicle.delete', 'vehicle.export', 'vehicle.view_history'],
  ...['device.create', 'device.update', 'device.delete'],
  ...['geofence.create', 'geofence.update', 'geofence.delete', 'rules.update'],
  ...['webhook.create', 'webhook.update', 'webhook.rotate_secret', 'webhook.delete'],
  ...['parcel.create', 'parcel.update', 'login.succeeded', 'login.failed', 'audit.export'],
];

export function Audit({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const [filter, setFilter] = useState<AuditFilter>({});
  const query = useInfiniteQuery(auditQuery(filter));
  const nameOf = useUserName(me);
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <Filters format={format} onChange={setFilter} file={auditFile(filter)} />
      {notReadYet(query) ??
        (rows.length === 0 ? (
          <Empty icon="records" title={t.audit.empty}>
            {t.audit.emptyHint}
          </Empty>
        ) : (
          <>
            <ol className="audit" aria-label={t.manage.audit}>
              {rows.map((row) => (
                <Row key={row.id} row={row} format={format} by={actorText(row)} />
              ))}
            </ol>
            <p className="audit-foot">
              {t.common.timesIn(format.zone())}
              {query.hasNextPage ? (
                <button
                  type="button"
                  className="button"
                  disabled={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  {t.common.more}
                </button>
              ) : null}
            </p>
          </>
        ))}
    </>
  );

  function actorText({ actor, access_token }: AuditEntry): string {
    if (actor !== null) return nameOf(actor);
    return access_token === null ? t.audit.nobody : t.audit.program(access_token);
  }
}

interface FilterProps {
  format: Format;
  file: string;
  onChange: (filter: AuditFilter) => void;
}

function Filters({ format, file, onChange }: FilterProps) {
  const t = useText();
  const { data: users } = useQuery(usersQuery);
  function apply(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const [from, to] = [textOf(data, 'from'), textOf(data, 'to')];
    const [actor, subject, action] = [textOf(data, 'actor'), textOf(data, 'subject'), textOf(data, 'action')];
    const moment = (day: string, daysLater: number) =>
      new Date(dayStartMs(addDays(day, daysLater), format.timeZone)).toISOString();
    onChange({
      ...(from ? { from: moment(from, 0) } : {}),
      ...(to ? { to: moment(to, 1) } : {}),
      ...(actor ? { actor: Number(actor) } : {}),
      ...(subject ? { subject } : {}),
      ...(action ? { action } : {}),
    });
  }
  return (
    <form className="audit-filters" onSubmit={apply}>
      <Field label={t.audit.from} name="from" type="date" />
      <Field label={t.audit.to} name="to" type="date" />
      <Choice label={t.audit.who} name="actor">
        <option value="">{t.audit.all}</option>
        {users?.map(({ id, username }) => (
          <option key={id} value={id}>
            {username}
          </option>
        ))}
      </Choice>
      <Choice label={t.audit.action} name="action">
        <option value="">{t.audit.all}</option>
        {ACTIONS.map((action) => (
          <option key={action}>{action}</option>
        ))}
      </Choice>
      <Field
        label={t.audit.subject}
        name="subject"
        placeholder="geofence:12"
        autoCapitalize="none"
        spellCheck={false}
      />
      <div className="audit-actions">
        <button type="submit" className="button button-primary">
          {t.audit.show}
        </button>
        <a className="button" href={file} download>
          CSV
        </a>
      </div>
    </form>
  );
}

function Row({ row, by, format }: { row: AuditEntry; by: string; format: Format }) {
  const t = useText();
  const changes = changesOf(row.before, row.after);
  return (
    <li className="audit-row" data-row={row.id}>
      <p className="audit-what">
        <time dateTime={row.at}>{format.moment(Date.parse(row.at))}</time>
        <strong>{by}</strong>
        <code>{row.action}</code>
        {row.subject ? <code className="audit-subject">{row.subject}</code> : null}
        {row.address ? <span className="audit-address">{row.address}</span> : null}
      </p>
      {changes.length > 0 ? (
        <details>
          <summary>{t.audit.changes(changes.length)}</summary>
          <dl className="audit-changes">
            {changes.map(({ field, before, after }) => (
              <div key={field}>
                <dt>{field}</dt>
                <dd>
                  {before === undefined ? null : <del>{before}</del>}
                  {after === undefined ? null : <ins>{after}</ins>}
                </dd>
              </div>
            ))}
          </dl>
        </details>
      ) : null}
    </li>
  );
}

/** The fields that differ. */
export function changesOf(before: unknown, after: unknown): { field: string; before?: string; after?: string }[] {
  const [old, now] = [Object(before) as Record<string, unknown>, Object(after) as Record<string, unknown>];
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return fields.flatMap((field) => {
    const [was, is] = [textIn(old, field), textIn(now, field)];
    if (was === is) return [];
    return [{ field, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

function textIn(values: Record<string, unknown>, field: string): string | undefined {
  const value = values[field];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
