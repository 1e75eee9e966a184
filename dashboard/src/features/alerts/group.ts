/** Joins alerts of one kind about one vehicle that came one after the other, so that a burst is one row with a count. */

import type { Alert } from '../../lib/api/list-alerts';

/** Alerts that are further apart are two rows. */
const GROUP_WITHIN_MS = 30 * 60_000;

export interface AlertGroup {
  /** The newest first. */
  alerts: Alert[];
  newest: Alert;
}

/** `alerts` are the newest first. A critical one is always alone. */
export function groupAlerts(alerts: readonly Alert[]): AlertGroup[] {
  const groups: AlertGroup[] = [];
  const open = new Map<string, AlertGroup>();
  for (const alert of alerts) {
    const key = `${alert.type} ${alert.vehicle_id} ${alert.title} ${alert.severity} ${alert.read}`;
    const group = open.get(key);
    const last = group?.alerts.at(-1);
    const isNear = last && Date.parse(last.timestamp) - Date.parse(alert.timestamp) <= GROUP_WITHIN_MS;
    if (group && isNear && alert.severity !== 'critical') group.alerts.push(alert);
    else {
      const made = { alerts: [alert], newest: alert };
      groups.push(made);
      open.set(key, made);
    }
  }
  return groups;
}
