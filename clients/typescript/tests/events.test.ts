import { beforeEach, describe, expect, it } from 'vitest';
import { FakeSocket, fakePlatform } from '../../testing/fake-socket.js';
import { EventClient, type EventClientOptions } from '../src/events.js';
import type { EventFrame } from '../src/events-wire.js';

let events: EventFrame[];
let gaps: number;

function start(options: Partial<EventClientOptions> = {}): EventClient {
  const client = new EventClient({
    serverUrl: 'https://host',
    onEvent: (event) => events.push(event),
    onGap: () => {
      gaps += 1;
    },
    platform: fakePlatform(0),
    ...options,
  });
  client.connect();
  FakeSocket.last.onopen?.();
  return client;
}

const sent = () => FakeSocket.last.sent.map((text) => JSON.parse(text) as Record<string, unknown>);

beforeEach(() => {
  events = [];
  gaps = 0;
});

describe('an event client', () => {
  it('opens the socket of records, or of a company with the types that are wanted', () => {
    start();
    expect(FakeSocket.last.url).toBe('wss://host/ws/updates/');
    start({ fleetOf: 'acme', types: ['alert'] });
    expect(FakeSocket.last.url).toBe('wss://host/ws/tracking?company_id=acme');
    expect(sent()).toEqual([{ type: 'subscribe', events: ['alert'] }]);
  });

  it('passes events on, also of types that are not known', () => {
    start();
    FakeSocket.last.hear({ type: 'drill_moved', event_id: 47, cadet_id: 1, data: { to: '09:00' } });
    expect(events).toEqual([
      { type: 'drill_moved', eventId: 47, cadetId: 1, data: { to: '09:00' }, isReplayed: false },
    ]);
  });

  it('asks after a reconnect for what came after the newest event that it has', async () => {
    const client = start();
    FakeSocket.last.hear({ type: 'connection_established', last_event_id: 40, message: '' });
    FakeSocket.last.hear({ type: 'alert', event_id: 42, data: {} });
    client.disconnect();
    client.connect();
    FakeSocket.last.onopen?.();
    expect(sent()).toEqual([{ type: 'replay_request', last_event_id: 42 }]);
  });

  it('tells of a gap only when the server could not send everything', () => {
    start();
    FakeSocket.last.hear({ type: 'replay_complete', count: 2, last_event_id: 50, complete: true });
    expect(gaps).toBe(0);
    FakeSocket.last.hear({ type: 'replay_complete', count: 0, last_event_id: 60, complete: false });
    expect(gaps).toBe(1);
  });
});
