/** The live map: the list of buses, the selected bus, and the map. */

import { useQuery } from '@tanstack/react-query';
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Credits } from '../../components/Credits';
import { type AppConfig, configQuery } from '../../lib/api/get-config';
import type { Me } from '../../lib/api/get-me';
import { isStale } from '../../lib/time/age';
import { useNow } from '../../lib/time/useNow';
import { type Routes, routesQuery } from './api/get-routes';
import { BusDetails } from './BusDetails';
import { BusList } from './BusList';
import type { LiveClient } from './live-client';
import { Sheet, type SheetHeight } from './Sheet';
import { searchBuses, sortBuses } from './search';
import { useFleetMap } from './useFleetMap';
import { useBuses, useLiveClient, useLiveStatus } from './useLive';
import 'maplibre-gl/dist/maplibre-gl.css';

interface Props {
  me: Me;
  onSignOut: () => void;
  onSessionEnd: () => void;
}

export function MapPage({ me, onSignOut, onSessionEnd }: Props) {
  const client = useLiveClient(onSessionEnd);
  const { data: config } = useQuery(configQuery);
  const { data: routes } = useQuery(routesQuery);
  if (!client || !config || routes === undefined) return <div className="splash" aria-busy="true" />;
  return <LiveMap me={me} client={client} config={config} routes={routes} onSignOut={onSignOut} />;
}

interface LiveMapProps {
  me: Me;
  client: LiveClient;
  config: AppConfig;
  routes: Routes | null;
  onSignOut: () => void;
}

function LiveMap({ me, client, config, routes, onSignOut }: LiveMapProps) {
  const status = useLiveStatus(client);
  const buses = useBuses(client.fleet, sortBuses);
  const nowMs = useNow();
  const [query, setQuery] = useState('');
  const words = useDeferredValue(query);
  const found = useMemo(() => searchBuses(buses, words), [buses, words]);
  const [selectedId, setSelectedId] = useState<string | null>(null);
  const [height, setHeight] = useState<SheetHeight>('half');
  const canvas = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);

  const selectOnMap = useCallback((id: string | null) => setSelectedId(id), []);
  const map = useFleetMap(canvas, client.fleet, config, routes, selectOnMap);
  useEffect(() => map.current?.select(selectedId, false), [map, selectedId]);
  useEffect(() => {
    const isPhone = window.matchMedia('(max-width: 760px)').matches;
    map.current?.setBottomPadding(isPhone ? window.innerHeight * (height === 'low' ? 0.16 : 0.46) : 0);
  }, [map, height]);

  const select = useCallback(
    (id: string) => {
      setSelectedId(id);
      setHeight((now) => (now === 'full' ? 'half' : now));
      map.current?.select(id, true);
    },
    [map],
  );

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setSelectedId(null);
      if (event.key === '/' && !(event.target instanceof HTMLInputElement)) {
        event.preventDefault();
        search.current?.focus();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  const reporting = buses.filter((bus) => bus.fix && !isStale(bus.fix.atMs, nowMs)).length;
  const selected = selectedId === null ? undefined : client.fleet.get(selectedId);

  return (
    <div className="page" data-connection={status.connection}>
      <main className="map-area">
        <section ref={canvas} className="map-canvas" aria-label="Map of the buses" />
        <button
          type="button"
          className="map-fit"
          onClick={() => map.current?.fit()}
          aria-label="Show all buses"
          title="Show all buses"
        >
          <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
            <path d="M3 7.5V3h4.5M12.5 3H17v4.5M17 12.5V17h-4.5M7.5 17H3v-4.5" />
          </svg>
        </button>
        <Credits config={config} routesAttribution={routes?.attribution} />
      </main>
      <Sheet height={height} onHeight={setHeight}>
        <header className="panel-head">
          <Brand />
          <ConnectionBadge state={status.connection} onRetry={client.retryNow} />
        </header>
        {selected ? (
          <BusDetails
            bus={selected}
            nowMs={nowMs}
            onCentre={() => select(selected.id)}
            onClose={() => setSelectedId(null)}
          />
        ) : null}
        <div className="panel-search">
          <input
            ref={search}
            type="search"
            placeholder="Find a bus, plate or route"
            aria-label="Find a bus by name, plate, route or id"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
            onFocus={() => setHeight((now) => (now === 'low' ? 'half' : now))}
          />
        </div>
        <p className="panel-count">
          <span>
            <b>{reporting}</b> of {buses.length} {buses.length === 1 ? 'bus' : 'buses'} reporting
          </span>
          {status.viewing !== null && (
            <span className="viewing" title="People with this map open now">
              {status.viewing} viewing now
            </span>
          )}
        </p>
        <BusList
          buses={found}
          nowMs={nowMs}
          selectedId={selectedId}
          emptyText={
            buses.length > 0
              ? 'No bus matches.'
              : status.isListed
                ? 'No buses yet. They appear here as soon as one is added.'
                : 'Reading the list…'
          }
          onSelect={select}
        />
        <footer className="panel-foot">
          <span className="who" title={`${me.username}, ${me.role}, ${me.tenant}`}>
            {me.username}
            <small>{me.tenant}</small>
          </span>
          <a href="/docs">API</a>
          <button type="button" className="text-button" onClick={onSignOut}>
            Sign out
          </button>
        </footer>
      </Sheet>
    </div>
  );
}
