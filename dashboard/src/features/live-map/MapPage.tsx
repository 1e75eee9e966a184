/** The live map: the list of vehicles with its filters, the selected vehicle, the figures of the day, and the map. */

import { useQuery } from '@tanstack/react-query';
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { Credits } from '../../components/Credits';
import { Icon } from '../../components/Icon';
import { Modal } from '../../components/Modal';
import { useTitle } from '../../components/Page';
import { ShareDialog } from '../../components/ShareDialog';
import { type AppConfig, configQuery } from '../../lib/api/get-config';
import type { Me } from '../../lib/api/get-me';
import { type Routes, routesQuery } from '../../lib/api/get-routes';
import { rulesQuery } from '../../lib/api/get-rules';
import { listIdsWithin } from '../../lib/api/list-vehicles';
import { MAX_SHARED_VEHICLES } from '../../lib/api/shares';
import { commonKind } from '../../lib/kinds';
import type { LiveVehicle } from '../../lib/live/fleet';
import { searchVehicles, sortVehicles } from '../../lib/live/search';
import { useLive, useLiveStatus, useVehicles } from '../../lib/live/useLive';
import { may } from '../../lib/roles';
import { type Text, useText } from '../../lib/strings/strings';
import { useNow } from '../../lib/time/useNow';
import { FilterBar } from './FilterBar';
import { filterVehicles, NO_FILTERS } from './filters';
import { KpiTiles } from './KpiTiles';
import { Sheet, type SheetHeight } from './Sheet';
import { useAttention } from './useAttention';
import { useFleetMap } from './useFleetMap';
import { VehicleList } from './VehicleList';
import { VehiclePanel } from './VehiclePanel';
import 'maplibre-gl/dist/maplibre-gl.css';
import '../../styles/map.css';
import '../../styles/fleet.css';

const DEFAULT_LIMIT_KMH = 80;
/** Vehicles of one spot that are listed. */
const MAX_SPOT = 100;

export function MapPage({ me }: { me: Me }) {
  const t = useText();
  useTitle(t.nav.map);
  const { data: config } = useQuery(configQuery);
  const { data: routes } = useQuery(routesQuery);
  if (!config || routes === undefined) return <div className="splash" aria-busy="true" />;
  return <LiveMap me={me} config={config} routes={routes} />;
}

function LiveMap({ me, config, routes }: { me: Me; config: AppConfig; routes: Routes | null }) {
  const t = useText();
  const live = useLive();
  const { fleet } = live;
  const status = useLiveStatus();
  const vehicles = useVehicles(fleet, sortVehicles);
  const nowMs = useNow();
  const { data: rules } = useQuery({ ...rulesQuery, enabled: may(me, 'fleet') });
  const limitKmh = rules?.thresholds?.speed_limit_kmh ?? DEFAULT_LIMIT_KMH;
  const [query, setQuery] = useState('');
  const words = useDeferredValue(query);
  const [filters, setFilters] = useState(NO_FILTERS);
  const [selectedId, setSelectedId] = useState<string | null>(() =>
    new URLSearchParams(window.location.search).get('vehicle'),
  );
  const [followedId, setFollowedId] = useState<string | null>(null);
  const [visible, setVisible] = useState<readonly string[]>(NONE);
  const [spot, setSpot] = useState<string[] | null>(null);
  const [shared, setShared] = useState<LiveVehicle[] | null>(null);
  const [height, setHeight] = useState<SheetHeight>('half');
  const canvas = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);

  const freshness = useCallback((vehicle: LiveVehicle) => fleet.freshness(vehicle, nowMs), [fleet, nowMs]);
  const found = useMemo(
    () => filterVehicles(searchVehicles(vehicles, words), filters, freshness, limitKmh),
    [vehicles, words, filters, freshness, limitKmh],
  );
  const isNarrowed = words !== '' || filters !== NO_FILTERS;
  const noun = t.kinds[useMemo(() => commonKind(vehicles.map(({ kind }) => kind)), [vehicles])];

  const actions = useMemo(
    () => ({
      onSelect: (id: string | null) => setSelectedId(id),
      onSpot: (ids: string[]) => setSpot(ids),
      onCrowdedSpot: (box: readonly number[]) =>
        void listIdsWithin(box, MAX_SPOT).then(setSpot, (error: unknown) =>
          console.warn('the vehicles of a spot could not be listed', error),
        ),
      onFollowEnd: () => setFollowedId(null),
    }),
    [],
  );
  const map = useFleetMap(canvas, live, status.isLarge, config, routes, actions);
  useEffect(() => map.current?.select(selectedId, false), [map, selectedId]);
  // By their content: as vehicles move, others are seldom found.
  const foundIds = isNarrowed ? found.map(({ id }) => id).join('\n') : null;
  useEffect(() => map.current?.show(foundIds === null ? null : new Set(foundIds.split('\n'))), [map, foundIds]);
  useEffect(() => {
    const isPhone = window.matchMedia('(max-width: 760px)').matches;
    map.current?.setBottomPadding(isPhone ? window.innerHeight * (height === 'low' ? 0.16 : 0.46) : 0);
  }, [map, height]);

  const select = useCallback(
    (id: string) => {
      setSelectedId(id);
      setSpot(null);
      setHeight((now) => (now === 'full' ? 'half' : now));
      map.current?.select(id, true);
    },
    [map],
  );
  const close = useCallback(() => {
    setSelectedId(null);
    setFollowedId(null);
    map.current?.follow(null);
  }, [map]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) close();
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if (event.key === '/' && !isTyping) {
        event.preventDefault();
        search.current?.focus();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [close]);

  useAttention(live, status.isLarge, { found, isNarrowed, filters, visible, selectedId });
  // Most of a large fleet are not followed.
  const reporting = status.isLarge ? 0 : vehicles.filter((vehicle) => freshness(vehicle) === 'live').length;
  const reportingText = t.freshness.reporting(reporting, vehicles.length, vehicles.length === 1 ? noun.one : noun.many);
  const selected = selectedId === null ? undefined : fleet.get(selectedId);

  return (
    <div className="page" data-connection={status.connection} data-selected={selected !== undefined}>
      <h1 className="visually-hidden">{t.map.title}</h1>
      <div className="map-area">
        <section ref={canvas} className="map-canvas" aria-label={t.map.label(noun.many)} />
        <button
          type="button"
          className="map-fit"
          onClick={() => map.current?.fit()}
          aria-label={t.map.showAll}
          title={t.map.showAll}
        >
          <Icon name="fit" size={18} />
        </button>
        <KpiTiles me={me} />
        <Credits config={config} routesAttribution={routes?.attribution} />
      </div>
      <Sheet height={height} onHeight={setHeight}>
        {selected ? (
          <VehiclePanel
            vehicle={selected}
            freshness={freshness(selected)}
            nowMs={nowMs}
            isFollowed={followedId === selected.id}
            onCentre={() => select(selected.id)}
            onFollow={(isFollowed) => {
              setFollowedId(isFollowed ? selected.id : null);
              map.current?.follow(isFollowed ? selected.id : null);
            }}
            onShare={may(me, 'fleet') ? () => setShared([selected]) : undefined}
            onClose={close}
          />
        ) : null}
        <div className="panel-list">
          <div className="panel-search">
            <input
              ref={search}
              type="search"
              placeholder={t.map.find(noun.one)}
              aria-label={t.map.findLabel(noun.one)}
              value={query}
              onChange={(event) => setQuery(event.target.value)}
              onFocus={() => setHeight((now) => (now === 'low' ? 'half' : now))}
            />
          </div>
          <FilterBar vehicles={vehicles} filters={filters} onChange={setFilters} />
          {isNarrowed && found.length > 0 && found.length <= MAX_SHARED_VEHICLES && may(me, 'fleet') ? (
            <button type="button" className="text-button share-found" onClick={() => setShared(found)}>
              <Icon name="link" size={16} />{' '}
              {t.sharing.shareFound(found.length, found.length === 1 ? noun.one : noun.many)}
            </button>
          ) : null}
          <p className="panel-count">
            <span>
              {status.isLarge ? (
                t.map.count(vehicles.length, noun.many)
              ) : (
                <>
                  <b>{reportingText.live}</b> {reportingText.rest}
                </>
              )}
            </span>
            {status.viewing !== null && (
              <span className="viewing" title={t.map.viewingHint}>
                {t.map.viewing(status.viewing)}
              </span>
            )}
          </p>
          <VehicleList
            label={noun.Many}
            vehicles={found}
            nowMs={nowMs}
            freshness={freshness}
            selectedId={selectedId}
            empty={
              vehicles.length > 0 ? (
                <div className="list-empty">
                  <p>{t.map.noMatch(noun.one)}</p>
                  <button
                    type="button"
                    className="button"
                    onClick={() => {
                      setQuery('');
                      setFilters(NO_FILTERS);
                    }}
                  >
                    {t.map.clearFilters}
                  </button>
                </div>
              ) : status.isListed ? (
                <div className="list-empty">
                  <p>{t.map.none(noun.many)}</p>
                  {may(me, 'fleet') ? (
                    <Link href="/admin/vehicles" className="button button-primary">
                      {t.map.addFirst}
                    </Link>
                  ) : null}
                </div>
              ) : (
                <p className="list-empty">{t.map.reading}</p>
              )
            }
            onSelect={select}
            onVisible={setVisible}
          />
        </div>
      </Sheet>
      {shared ? <ShareDialog vehicles={shared} noun={nounOf(shared, t)} onClose={() => setShared(null)} /> : null}
      {spot ? (
        <Modal title={t.map.here(spot.length, noun.many)} onClose={() => setSpot(null)}>
          <ul className="spot-list">
            {spot.map((id) => (
              <li key={id}>
                <button type="button" className="button" onClick={() => select(id)}>
                  {fleet.get(id)?.label ?? id}
                </button>
              </li>
            ))}
          </ul>
        </Modal>
      ) : null}
    </div>
  );
}

const NONE: readonly string[] = [];

function nounOf(vehicles: LiveVehicle[], t: Text): string {
  return t.kinds[commonKind(vehicles.map(({ kind }) => kind))][vehicles.length === 1 ? 'one' : 'many'];
}
