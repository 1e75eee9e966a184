/** The list of vehicles. Only the visible rows are rendered, so that thousands cost no more than twenty. */

import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { Freshness } from '../../components/Freshness';
import { StatusSign } from '../../components/StatusSign';
import type { LiveVehicle } from '../../lib/live/fleet';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import type { Freshness as State } from '../../lib/time/freshness';

const ROW_PX = 60;
const SPARE_ROWS = 4;

interface Props {
  label: string;
  vehicles: LiveVehicle[];
  nowMs: number;
  freshness: (vehicle: LiveVehicle) => State;
  selectedId: string | null;
  empty: ReactNode;
  onSelect: (id: string) => void;
  /** The ids of the rows that are rendered. */
  onVisible: (ids: readonly string[]) => void;
}

export function VehicleList({ label, vehicles, nowMs, freshness, selectedId, empty, onSelect, onVisible }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [activeId, setActiveId] = useState<string | null>(null);
  const active = vehicles.findIndex(({ id }) => id === (activeId ?? selectedId));
  const selected = vehicles.findIndex(({ id }) => id === selectedId);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setView({ top: element.scrollTop, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(view.top / ROW_PX) - SPARE_ROWS);
  const last = Math.min(vehicles.length, Math.ceil((view.top + view.height) / ROW_PX) + SPARE_ROWS);
  const visible = vehicles.slice(first, last).map(({ id }) => id);
  // biome-ignore lint/correctness/useExhaustiveDependencies: by its content
  useEffect(() => onVisible(visible), [visible.join(' '), onVisible]);

  // Scrolls to a newly selected vehicle, but not to one that moves within the list.
  const scrolledTo = useRef<string | null>(null);
  useEffect(() => {
    if (scrolledTo.current === selectedId) return;
    scrolledTo.current = selectedId;
    setActiveId(null);
    if (selected >= 0) scrollTo(box.current, selected);
  }, [selectedId, selected]);

  function move(event: KeyboardEvent) {
    const page = Math.max(1, Math.floor(view.height / ROW_PX) - 1);
    const next = {
      ArrowDown: active + 1,
      ArrowUp: Math.max(0, active - 1),
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: vehicles.length - 1,
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      const index = Math.max(0, Math.min(vehicles.length - 1, next));
      setActiveId(vehicles[index]?.id ?? null);
      scrollTo(box.current, index);
    } else if ((event.key === 'Enter' || event.key === ' ') && vehicles[active]) {
      event.preventDefault();
      onSelect(vehicles[active].id);
    }
  }

  if (vehicles.length === 0) return <div className="vehicle-list">{empty}</div>;
  return (
    <div
      ref={box}
      className="vehicle-list"
      role="listbox"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={active >= first && active < last ? `vehicle-${active}` : undefined}
      onKeyDown={move}
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
    >
      <div role="presentation" style={{ height: vehicles.length * ROW_PX, position: 'relative' }}>
        {vehicles.slice(first, last).map((vehicle, offset) => {
          const index = first + offset;
          return (
            <VehicleRow
              key={vehicle.id}
              vehicle={vehicle}
              freshness={freshness(vehicle)}
              nowMs={nowMs}
              index={index}
              count={vehicles.length}
              isActive={index === active}
              isSelected={vehicle.id === selectedId}
              onSelect={onSelect}
            />
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  vehicle: LiveVehicle;
  freshness: State;
  nowMs: number;
  index: number;
  count: number;
  isActive: boolean;
  isSelected: boolean;
  onSelect: (id: string) => void;
}

function VehicleRow({ vehicle, freshness, nowMs, index, count, isActive, isSelected, onSelect }: RowProps) {
  const t = useText();
  const format = useFormat();
  const { fix, label, plate, route } = vehicle;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox has the focus and handles the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the listbox names it by aria-activedescendant
    <div
      id={`vehicle-${index}`}
      className="vehicle-row"
      role="option"
      aria-selected={isSelected}
      aria-setsize={count}
      aria-posinset={index + 1}
      data-active={isActive}
      data-stale={freshness !== 'live'}
      data-vehicle-id={vehicle.id}
      data-latitude={fix?.latitude}
      data-longitude={fix?.longitude}
      style={{ top: index * ROW_PX, height: ROW_PX }}
      onClick={() => onSelect(vehicle.id)}
    >
      <StatusSign status={vehicle.status} kind={vehicle.kind} isStale={freshness !== 'live'} />
      <span className="vehicle-name">
        <strong>{label}</strong>
        <small>{[plate !== label && plate, route && `${t.panel.route} ${route}`].filter(Boolean).join(' · ')}</small>
      </span>
      <span className="vehicle-now">
        {freshness === 'live' && fix ? <span className="vehicle-speed">{format.speed(fix.speedKmh)}</span> : null}
        <small>
          <Freshness state={freshness} atMs={fix?.atMs ?? null} nowMs={nowMs} offDutyMs={vehicle.offDutyMs} />
        </small>
      </span>
    </div>
  );
}

function scrollTo(box: HTMLDivElement | null, index: number) {
  if (!box) return;
  const top = index * ROW_PX;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW_PX > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW_PX - box.clientHeight;
}
