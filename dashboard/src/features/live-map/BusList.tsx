/** The list of buses. Only the visible rows are rendered, so that thousands cost no more than twenty. */

import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { ageText, isStale } from '../../lib/time/age';
import type { Bus } from './fleet';
import { StatusSign } from './StatusSign';

const ROW_PX = 60;
const SPARE_ROWS = 4;

interface Props {
  buses: Bus[];
  nowMs: number;
  selectedId: string | null;
  emptyText: string;
  onSelect: (id: string) => void;
}

export function BusList({ buses, nowMs, selectedId, emptyText, onSelect }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [activeId, setActiveId] = useState<string | null>(null);
  const active = buses.findIndex((bus) => bus.id === (activeId ?? selectedId));
  const selected = buses.findIndex((bus) => bus.id === selectedId);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setView({ top: element.scrollTop, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // Scrolls to a newly selected bus, but not to one that moves within the list.
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
      End: buses.length - 1,
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      const index = Math.max(0, Math.min(buses.length - 1, next));
      setActiveId(buses[index]?.id ?? null);
      scrollTo(box.current, index);
    } else if ((event.key === 'Enter' || event.key === ' ') && buses[active]) {
      event.preventDefault();
      onSelect(buses[active].id);
    }
  }

  const first = Math.max(0, Math.floor(view.top / ROW_PX) - SPARE_ROWS);
  const last = Math.min(buses.length, Math.ceil((view.top + view.height) / ROW_PX) + SPARE_ROWS);
  return (
    <div
      ref={box}
      className="bus-list"
      role="listbox"
      aria-label="Buses"
      tabIndex={0}
      aria-activedescendant={active >= first && active < last ? `bus-${active}` : undefined}
      onKeyDown={move}
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
    >
      {buses.length === 0 && <p className="bus-list-empty">{emptyText}</p>}
      <div style={{ height: buses.length * ROW_PX, position: 'relative' }}>
        {buses.slice(first, last).map((bus, offset) => {
          const index = first + offset;
          return (
            <BusRow
              key={bus.id}
              bus={bus}
              nowMs={nowMs}
              index={index}
              count={buses.length}
              isActive={index === active}
              isSelected={bus.id === selectedId}
              onSelect={onSelect}
            />
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  bus: Bus;
  nowMs: number;
  index: number;
  count: number;
  isActive: boolean;
  isSelected: boolean;
  onSelect: (id: string) => void;
}

function BusRow({ bus, nowMs, index, count, isActive, isSelected, onSelect }: RowProps) {
  const stale = bus.fix === null || isStale(bus.fix.atMs, nowMs);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox has the focus and handles the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the listbox names it by aria-activedescendant
    <div
      id={`bus-${index}`}
      className="bus-row"
      role="option"
      aria-selected={isSelected}
      aria-setsize={count}
      aria-posinset={index + 1}
      data-active={isActive}
      data-stale={stale}
      data-bus-id={bus.id}
      data-latitude={bus.fix?.latitude}
      data-longitude={bus.fix?.longitude}
      style={{ top: index * ROW_PX, height: ROW_PX }}
      onClick={() => onSelect(bus.id)}
    >
      <StatusSign status={bus.status} isStale={stale} />
      <span className="bus-name">
        <strong>{bus.label}</strong>
        <small>
          {[bus.plate !== bus.label && bus.plate, bus.route && `Route ${bus.route}`].filter(Boolean).join(' · ')}
        </small>
      </span>
      <span className="bus-now">
        <span className="bus-speed">{bus.fix ? `${Math.round(bus.fix.speedKmh)} km/h` : '–'}</span>
        <small className="bus-age">{bus.fix ? ageText(bus.fix.atMs, nowMs) : 'no position yet'}</small>
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
