import { describe, expect, it } from 'vitest';
import type { Alert } from '../../lib/api/list-alerts';
import { groupAlerts } from './group';

const alert = (id: string, minute: number, change: Partial<Alert> = {}): Alert => ({
  id,
  type: 'driver_event',
  severity: 'medium',
  title: 'Harsh braking',
  message: '',
  subject: null,
  vehicle_id: 'b1',
  driver_id: null,
  user_id: null,
  data: null,
  read: false,
  read_at: null,
  read_by: null,
  timestamp: new Date(minute * 60_000).toISOString(),
  expires_at: new Date(0).toISOString(),
  ...change,
});
const ids = (alerts: Alert[]) => groupAlerts(alerts).map((group) => group.alerts.map(({ id }) => id).join('+'));

describe('grouping', () => {
  it('joins a burst, whatever lies in between', () => {
    const other = alert('o', 59, { vehicle_id: 'b2' });
    expect(ids([alert('c', 60), other, alert('b', 58), alert('a', 40)])).toEqual(['c+b+a', 'o']);
  });

  it('parts what is far apart, of another severity, or read', () => {
    expect(ids([alert('b', 60), alert('a', 20)])).toEqual(['b', 'a']);
    expect(ids([alert('b', 60), alert('a', 59, { read: true })])).toEqual(['b', 'a']);
  });

  it('never hides a critical one', () => {
    const critical = { severity: 'critical' } as const;
    expect(ids([alert('b', 60, critical), alert('a', 59, critical)])).toEqual(['b', 'a']);
  });
});
