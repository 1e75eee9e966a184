/** The alerts of the last day: severity, groups with counts, reading shared by all who see them. */

import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { Icon } from '../../components/Icon';
import { Empty, notReadYet, Page } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { type Alert, alertsQuery } from '../../lib/api/list-alerts';
import { useVehicleName } from '../../lib/live/useLive';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { deleteAlert, readAlerts } from './api/change-alert';
import { type AlertGroup, groupAlerts } from './group';
import { isSoundOn, playOnce, setSound } from './sound';
import '../../styles/alerts.css';

const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
const STEP = 60;

export function AlertsPage({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const query = useInfiniteQuery(alertsQuery);
  const nameOf = useVehicleName();
  const [parameters, setParameters] = useSearchParams();
  const vehicleId = parameters.get('vehicle');
  const [severity, setSeverity] = useState('');
  const [type, setType] = useState('');
  const [isUnreadOnly, setIsUnreadOnly] = useState(true);
  const [hasSound, setHasSound] = useState(isSoundOn);
  const [shown, setShown] = useState(STEP);

  const alerts = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data]);
  const types = useMemo(() => [...new Set(alerts.map((alert) => alert.type))], [alerts]);
  const groups = useMemo(
    () =>
      groupAlerts(
        alerts.filter(
          (alert) =>
            (!isUnreadOnly || !alert.read) &&
            (!severity || alert.severity === severity) &&
            (!type || alert.type === type) &&
            (!vehicleId || alert.vehicle_id === vehicleId),
        ),
      ),
    [alerts, isUnreadOnly, severity, type, vehicleId],
  );
  useSound(alerts);

  const refresh = () => queries.invalidateQueries({ queryKey: alertsQuery.queryKey });
  /** Shows the mark at once; the server's answer follows. */
  const mark = (ids: ReadonlySet<string>) =>
    queries.setQueryData(alertsQuery.queryKey, (known) =>
      known
        ? {
            ...known,
            pages: known.pages.map((page) => ({
              ...page,
              items: page.items.map((each) => (ids.has(each.id) ? { ...each, read: true, read_by: me.id } : each)),
            })),
          }
        : known,
    );
  const read = useMutation({
    mutationFn: readAlerts,
    onMutate: (ids) => void mark(new Set(ids)),
    onSettled: refresh,
  });
  const remove = useMutation({ mutationFn: deleteAlert, onSettled: refresh });
  const unreadShown = groups.slice(0, shown).flatMap((group) => group.alerts.filter((alert) => !alert.read));

  return (
    <Page
      title={t.alerts.title}
      lead={t.common.timesIn(format.zone())}
      actions={
        <>
          <button
            type="button"
            className="button"
            aria-pressed={hasSound}
            onClick={() => {
              setSound(!hasSound);
              setHasSound(!hasSound);
            }}
          >
            <Icon name="sound" size={18} /> {t.alerts.sound}
          </button>
          <Link href="/admin/thresholds" className="button">
            {t.alerts.thresholds}
          </Link>
        </>
      }
    >
      <div className="toolbar">
        <button
          type="button"
          className="button"
          aria-pressed={isUnreadOnly}
          onClick={() => setIsUnreadOnly(!isUnreadOnly)}
        >
          {t.alerts.onlyUnread}
        </button>
        <select
          className="select"
          aria-label={t.alerts.anySeverity}
          value={severity}
          onChange={({ target }) => setSeverity(target.value)}
        >
          <option value="">{t.alerts.anySeverity}</option>
          {SEVERITIES.map((each) => (
            <option key={each} value={each}>
              {t.alerts.severity[each]}
            </option>
          ))}
        </select>
        <select
          className="select"
          aria-label={t.alerts.anyType}
          value={type}
          onChange={({ target }) => setType(target.value)}
        >
          <option value="">{t.alerts.anyType}</option>
          {types.map((each) => (
            <option key={each} value={each}>
              {t.alerts.types[each] ?? each}
            </option>
          ))}
        </select>
        {vehicleId ? (
          <button type="button" className="button" onClick={() => setParameters({}, { replace: true })}>
            {nameOf(vehicleId)} <Icon name="close" size={16} />
          </button>
        ) : null}
        <span className="spacer" />
        {unreadShown.length > 0 ? (
          <button
            type="button"
            className="button"
            disabled={read.isPending}
            onClick={() => read.mutate(unreadShown.map(({ id }) => id))}
          >
            {t.alerts.readAll}
          </button>
        ) : null}
      </div>
      {(read.error ?? remove.error) ? (
        <p className="form-error" role="alert">
          {(read.error ?? remove.error)?.message}
        </p>
      ) : null}
      {notReadYet(query) ??
        (groups.length === 0 ? (
          <Empty icon="alerts" title={isUnreadOnly && alerts.length > 0 ? t.alerts.emptyUnread : t.alerts.empty}>
            {t.alerts.emptyHint}
          </Empty>
        ) : (
          <ul className="alert-list" aria-live="polite" aria-relevant="additions">
            {groups.slice(0, shown).map((group) => (
              <Group
                key={group.newest.id}
                group={group}
                name={nameOf(group.newest.vehicle_id)}
                onRead={(ids) => read.mutate(ids)}
                onDelete={(id) => remove.mutate(id)}
              />
            ))}
          </ul>
        ))}
      {groups.length > shown || query.hasNextPage ? (
        <p className="table-more">
          {t.common.showing(Math.min(shown, groups.length), groups.length)}
          <button
            type="button"
            className="button"
            onClick={() => {
              if (groups.length <= shown) void query.fetchNextPage();
              setShown(shown + STEP);
            }}
          >
            {t.common.more}
          </button>
        </p>
      ) : null}
    </Page>
  );
}

interface GroupProps {
  group: AlertGroup;
  name: string;
  onRead: (ids: string[]) => void;
  onDelete: (id: string) => void;
}

function Group({ group, name, onRead, onDelete }: GroupProps) {
  const t = useText();
  const format = useFormat();
  const [isOpen, setIsOpen] = useState(false);
  const { newest, alerts } = group;
  const unread = alerts.filter(({ read }) => !read).map(({ id }) => id);
  const atMs = Date.parse(newest.timestamp);
  const place = newest.vehicle_id
    ? `/history?vehicle=${encodeURIComponent(newest.vehicle_id)}&day=${format.dayKey(atMs)}&at=${atMs}`
    : null;
  return (
    <li className="alert" data-severity={newest.severity} data-read={newest.read} data-alert-id={newest.id}>
      <div className="alert-main">
        <p className="alert-head">
          <span className="severity" data-severity={newest.severity}>
            {t.alerts.severity[newest.severity]}
          </span>
          <strong>{newest.title}</strong>
          {newest.vehicle_id ? (
            <Link href={`/map?vehicle=${encodeURIComponent(newest.vehicle_id)}`}>{name}</Link>
          ) : null}
          {alerts.length > 1 ? <span className="tag">{t.alerts.group(alerts.length)}</span> : null}
        </p>
        <p className="alert-text">{newest.message}</p>
        {newest.read && newest.read_by !== null ? (
          <p className="alert-text">{t.alerts.readBy(t.panel.driverNo(newest.read_by))}</p>
        ) : null}
        {newest.severity === 'critical' && !newest.read ? <p className="alert-text">{t.alerts.critical}</p> : null}
      </div>
      <time className="alert-time" dateTime={newest.timestamp}>
        {format.moment(atMs)}
      </time>
      <div className="alert-actions">
        {place ? (
          <Link href={place} className="button button-small" title={t.alerts.jumpHint}>
            {t.alerts.jump}
          </Link>
        ) : null}
        {unread.length > 0 ? (
          <button type="button" className="button button-small" onClick={() => onRead(unread)}>
            {t.alerts.read}
          </button>
        ) : null}
        {alerts.length > 1 ? (
          <button
            type="button"
            className="button button-small"
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
          >
            {isOpen ? t.alerts.collapse : t.alerts.expand}
          </button>
        ) : (
          <button type="button" className="button button-small" onClick={() => onDelete(newest.id)}>
            {t.alerts.delete}
          </button>
        )}
      </div>
      {isOpen ? (
        <ol className="alert-parts">
          {alerts.map((alert) => (
            <li key={alert.id}>
              <time dateTime={alert.timestamp}>{format.clockSeconds(Date.parse(alert.timestamp))}</time> {alert.message}
            </li>
          ))}
        </ol>
      ) : null}
    </li>
  );
}

/** A tone when alerts appear that were not there before. */
function useSound(alerts: readonly Alert[]): void {
  const newest = useRef<string | null>(null);
  useEffect(() => {
    const first = alerts[0];
    if (!first) return;
    if (newest.current !== null && newest.current !== first.id && !first.read) playOnce(performance.now());
    newest.current = first.id;
  }, [alerts]);
}
