/** Geofences: list and map, drawing, circles by typed centre and radius, changing, importing, and who is inside now. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type * as GeoJSON from 'geojson';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Conflict, differencesOf } from '../../components/Conflict';
import { Icon } from '../../components/Icon';
import { Confirm, Modal } from '../../components/Modal';
import { Empty, notReadYet, useTitle } from '../../components/Page';
import { TrackMapView } from '../../components/TrackMapView';
import { ApiError } from '../../lib/api/request';
import type { LiveVehicle } from '../../lib/live/fleet';
import { sortVehicles } from '../../lib/live/search';
import { useLive, useVehicles } from '../../lib/live/useLive';
import { type Geometry, isInside, shapeOf } from '../../lib/map/area';
import { useTrackMap } from '../../lib/map/useTrackMap';
import { useText } from '../../lib/strings/strings';
import { addFence, changeFence, type Fence, fencesQuery, getFence, type NewFence, removeFence } from './api/fences';
import type { Drawing } from './draw';
import { FenceForm } from './FenceForm';
import { ImportDialog } from './ImportDialog';
import '../../styles/fences.css';

type Task =
  | { kind: 'draw'; fence: Fence | null }
  | { kind: 'form'; fence: Fence | null; geometry: Geometry; etag: string | null }
  | { kind: 'import' }
  | { kind: 'delete'; fence: Fence };

const NO_FENCES: Fence[] = [];

export function FencesPage() {
  const t = useText();
  useTitle(t.fences.title);
  const queries = useQueryClient();
  const query = useQuery(fencesQuery);
  const fences = query.data ?? NO_FENCES;
  const { fleet } = useLive();
  const vehicles = useVehicles(fleet, sortVehicles);
  const drawing = useRef<Drawing | null>(null);
  const [selectedId, setSelectedId] = useState<number | null>(null);
  const [task, setTask] = useState<Task | null>(null);
  const [hasShape, setHasShape] = useState(false);
  const [conflict, setConflict] = useState<{ fence: Fence; mine: NewFence } | null>(null);
  const isDrawing = task?.kind === 'draw';

  const { map, canvas } = useTrackMap({
    onArea: (id) => {
      if (!isDrawing) setSelectedId(id);
    },
  });
  const areas = useMemo(
    () =>
      fences.map(
        (fence): GeoJSON.Feature => ({
          type: 'Feature',
          properties: { id: fence.id, isSelected: fence.id === selectedId },
          geometry: shapeOf(fence),
        }),
      ),
    [fences, selectedId],
  );
  const hasFitted = useRef(false);
  useEffect(() => {
    if (!map) return;
    // The shape that is being changed is drawn by the tool.
    const hidden = task?.kind === 'draw' ? task.fence?.id : undefined;
    map.setAreas(areas.filter(({ properties }) => properties?.id !== hidden));
    if (hasFitted.current) return;
    if (areas.length > 0) map.fit(undefined, false);
    else if (vehicles.length > 0)
      map.fit(
        vehicles.flatMap(({ fix }) => (fix ? [fix] : [])),
        false,
      );
    hasFitted.current = areas.length > 0 || vehicles.length > 0;
  }, [map, areas, task, vehicles]);
  useVehicleMarkers(map, vehicles);

  // Drawing begins when its task begins, and leaves nothing behind.
  const drawnFence = task?.kind === 'draw' ? task.fence : undefined;
  useEffect(() => {
    if (!map || drawnFence === undefined) return;
    let isCurrent = true;
    setHasShape(false);
    void import('./draw').then(({ drawPolygon }) => {
      if (!isCurrent) return;
      const existing = drawnFence?.geometry.type === 'Polygon' ? drawnFence.geometry : null;
      drawing.current = drawPolygon(map.map, existing, () => setHasShape(true));
    });
    return () => {
      isCurrent = false;
      drawing.current?.stop();
      drawing.current = null;
    };
  }, [map, drawnFence]);

  const done = () => {
    setTask(null);
    setConflict(null);
    void queries.invalidateQueries({ queryKey: fencesQuery.queryKey });
  };
  const edit = async (fence: Fence, geometry?: Geometry) => {
    const { value, etag } = await getFence(fence.id);
    setTask({ kind: 'form', fence: value, geometry: geometry ?? value.geometry, etag });
  };
  const remove = useMutation({ mutationFn: removeFence, onSuccess: done });
  const selected = fences.find(({ id }) => id === selectedId);
  const middle = (): [number, number] => {
    const centre = map?.map.getCenter();
    return centre ? [centre.lng, centre.lat] : [0, 0];
  };

  async function save(fence: NewFence) {
    if (task?.kind !== 'form') return;
    if (!task.fence) await addFence(fence);
    else {
      try {
        await changeFence(task.fence.id, fence, task.etag);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 412) throw error;
        const { value } = await getFence(task.fence.id);
        return setConflict({ fence: value, mine: fence });
      }
    }
    done();
  }

  return (
    <div className="track-page">
      <aside className="track-panel">
        <h1>{t.fences.title}</h1>
        <div className="fence-actions">
          <button
            type="button"
            className="button button-primary"
            onClick={() => setTask({ kind: 'draw', fence: null })}
          >
            <Icon name="plus" size={18} /> {t.fences.add}
          </button>
          <button
            type="button"
            className="button"
            onClick={() =>
              setTask({
                kind: 'form',
                fence: null,
                geometry: { type: 'Point', coordinates: middle().map(round) },
                etag: null,
              })
            }
          >
            <Icon name="circle" size={18} /> {t.fences.addCircle}
          </button>
          <button type="button" className="button" onClick={() => setTask({ kind: 'import' })}>
            <Icon name="upload" size={18} /> {t.fences.import}
          </button>
        </div>
        {notReadYet(query) ??
          (fences.length === 0 ? (
            <Empty icon="geofences" title={t.fences.empty}>
              {t.fences.emptyHint}
            </Empty>
          ) : (
            <ul className="fence-list">
              {fences.map((fence) => {
                const inside = vehicles.filter(({ fix }) => fix && isInside(fence, fix));
                const isOpen = fence.id === selectedId;
                return (
                  <li key={fence.id} data-fence-id={fence.id} data-selected={isOpen}>
                    <button
                      type="button"
                      className="fence-row"
                      aria-expanded={isOpen}
                      onClick={() => {
                        setSelectedId(isOpen ? null : fence.id);
                        if (!isOpen) map?.fit(placesOf(shapeOf(fence)));
                      }}
                    >
                      <strong>{fence.name}</strong>
                      <small>
                        {fence.geometry.type === 'Point'
                          ? t.fences.circle
                          : fence.geometry.type === 'LineString'
                            ? t.fences.line
                            : t.fences.polygon}
                        {fence.speed_limit_kmh ? ` · ${fence.speed_limit_kmh} km/h` : ''}
                        {fence.schedule ? ` · ${t.fences.schedule}` : ''}
                      </small>
                      <span className="fence-inside">{t.fences.inside(inside.length)}</span>
                    </button>
                    {isOpen ? (
                      <div className="fence-open">
                        <p className="muted">
                          {inside.length > 0
                            ? `${t.fences.insideNames}: ${inside.map(({ label }) => label).join(', ')}`
                            : t.fences.nobody}
                        </p>
                        <button type="button" className="button button-small" onClick={() => void edit(fence)}>
                          {t.common.edit}
                        </button>
                        {fence.geometry.type === 'Polygon' ? (
                          <button
                            type="button"
                            className="button button-small"
                            onClick={() => setTask({ kind: 'draw', fence })}
                          >
                            {t.fences.redraw}
                          </button>
                        ) : null}
                        <button
                          type="button"
                          className="button button-small button-danger"
                          onClick={() => setTask({ kind: 'delete', fence })}
                        >
                          {t.common.delete}
                        </button>
                      </div>
                    ) : null}
                  </li>
                );
              })}
            </ul>
          ))}
      </aside>
      <div className="track-main">
        <TrackMapView
          canvas={canvas}
          label={t.fences.mapLabel}
          onFit={() => (selected ? map?.fit(placesOf(shapeOf(selected))) : map?.fit())}
        >
          {task?.kind === 'draw' ? (
            <div className="draw-bar" role="status">
              <p>{task.fence || hasShape ? t.fences.redrawHint : t.fences.drawHint}</p>
              <button type="button" className="button" onClick={() => setTask(null)}>
                {t.common.cancel}
              </button>
              <button
                type="button"
                className="button button-primary"
                disabled={!hasShape}
                onClick={() => {
                  const geometry = drawing.current?.shape();
                  if (!geometry) return;
                  if (task.fence) void edit(task.fence, geometry);
                  else setTask({ kind: 'form', fence: null, geometry, etag: null });
                }}
              >
                {t.fences.finish}
              </button>
            </div>
          ) : null}
        </TrackMapView>
      </div>
      {task?.kind === 'form' ? (
        <Modal
          title={
            task.fence
              ? t.fences.edit(task.fence.name)
              : task.geometry.type === 'Point'
                ? t.fences.addCircle
                : t.fences.add
          }
          onClose={() => setTask(null)}
        >
          {conflict ? (
            <Conflict
              differences={differencesOf(
                conflict.fence as unknown as Record<string, unknown>,
                {
                  name: conflict.mine.name,
                  radius_m: conflict.mine.radius_m,
                  dwell_s: conflict.mine.dwell_s,
                  speed_limit_kmh: conflict.mine.speed_limit_kmh,
                },
                {
                  name: t.fences.name,
                  radius_m: t.fences.radius,
                  dwell_s: t.fences.dwell,
                  speed_limit_kmh: t.fences.limit,
                },
              )}
              onKeepTheirs={done}
              onKeepYours={() => void changeFence(conflict.fence.id, conflict.mine, null).then(done)}
            />
          ) : (
            <FenceForm
              fence={task.fence}
              geometry={task.geometry}
              middle={middle}
              onSubmit={save}
              onCancel={() => setTask(null)}
            />
          )}
        </Modal>
      ) : null}
      {task?.kind === 'import' ? (
        <ImportDialog
          onDone={() => void queries.invalidateQueries({ queryKey: fencesQuery.queryKey })}
          onClose={() => setTask(null)}
        />
      ) : null}
      {task?.kind === 'delete' ? (
        <Confirm
          title={t.fences.deleteTitle(task.fence.name)}
          text={t.fences.deleteText}
          action={t.common.delete}
          isBusy={remove.isPending}
          error={remove.error?.message ?? null}
          onConfirm={() => remove.mutate(task.fence.id)}
          onClose={() => setTask(null)}
        />
      ) : null}
    </div>
  );
}

const MAX_MARKERS = 300;

function useVehicleMarkers(map: ReturnType<typeof useTrackMap>['map'], vehicles: LiveVehicle[]): void {
  const { fleet } = useLive();
  useEffect(() => {
    map?.setMarkers(
      vehicles.slice(0, MAX_MARKERS).flatMap((vehicle) => {
        const { id, label, fix } = vehicle;
        const isHollow = fleet.freshness(vehicle, Date.now()) !== 'live';
        return fix ? [{ ...fix, id, label, colour: 'var(--service)', isHollow }] : [];
      }),
    );
  }, [map, vehicles, fleet]);
}

const round = (degrees: number) => Math.round(degrees * 1e6) / 1e6;

function placesOf(geometry: GeoJSON.Geometry): { latitude: number; longitude: number }[] {
  const places: { latitude: number; longitude: number }[] = [];
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === 'number') places.push({ longitude: value[0], latitude: value[1] as number });
    else value.forEach(visit);
  };
  if ('coordinates' in geometry) visit(geometry.coordinates);
  return places;
}
