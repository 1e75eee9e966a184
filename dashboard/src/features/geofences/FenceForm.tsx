/** The form of a geofence: its name, its measures, and what is told. */

import { useState } from 'react';
import { Field, Tick } from '../../components/Field';
import { Form, numberOf, textOf } from '../../components/Form';
import type { Geometry } from '../../lib/map/area';
import { useText } from '../../lib/strings/strings';
import type { Fence, NewFence } from './api/fences';

interface Props {
  /** The geofence that is changed; null for a new one. */
  fence: Fence | null;
  geometry: Geometry;
  /** The middle of the map, for a circle's centre. */
  middle: () => [number, number];
  onSubmit: (fence: NewFence) => Promise<void>;
  onCancel: () => void;
}

const DEFAULT_RADIUS_M = 150;
const DEFAULT_WIDTH_M = 50;

export function FenceForm({ fence, geometry, middle, onSubmit, onCancel }: Props) {
  const t = useText();
  const [centre, setCentre] = useState(
    geometry.type === 'Point'
      ? { latitude: String(geometry.coordinates[1]), longitude: String(geometry.coordinates[0]) }
      : null,
  );
  return (
    <Form
      onCancel={onCancel}
      onSubmit={async (data) => {
        const on = (['enter', 'exit'] as const).filter((each) => data.get(each) !== null);
        const place: Geometry =
          geometry.type === 'Point'
            ? { type: 'Point', coordinates: [numberOf(data, 'longitude') ?? 0, numberOf(data, 'latitude') ?? 0] }
            : geometry;
        await onSubmit({
          name: textOf(data, 'name') ?? '',
          geometry: place,
          on,
          dwell_s: numberOf(data, 'dwell_s'),
          speed_limit_kmh: numberOf(data, 'speed_limit_kmh'),
          ...(geometry.type === 'Point' ? { radius_m: numberOf(data, 'radius_m') } : {}),
          ...(geometry.type === 'LineString' ? { width_m: numberOf(data, 'width_m') } : {}),
        });
      }}
    >
      {(errors) => (
        <>
          <Field
            label={t.fences.name}
            name="name"
            required
            maxLength={200}
            defaultValue={fence?.name}
            error={errors.name}
          />
          {centre ? (
            <>
              <div className="form-row">
                <Field
                  label={t.fences.latitude}
                  name="latitude"
                  inputMode="decimal"
                  required
                  value={centre.latitude}
                  onChange={({ target }) => setCentre({ ...centre, latitude: target.value })}
                  error={errors.geometry}
                />
                <Field
                  label={t.fences.longitude}
                  name="longitude"
                  inputMode="decimal"
                  required
                  value={centre.longitude}
                  onChange={({ target }) => setCentre({ ...centre, longitude: target.value })}
                />
                <Field
                  label={t.fences.radius}
                  name="radius_m"
                  inputMode="decimal"
                  required
                  defaultValue={fence?.radius_m ?? DEFAULT_RADIUS_M}
                  error={errors.radius_m}
                />
              </div>
              <button
                type="button"
                className="button button-small"
                onClick={() => {
                  const [longitude, latitude] = middle();
                  setCentre({ latitude: latitude.toFixed(6), longitude: longitude.toFixed(6) });
                }}
              >
                {t.fences.pick}
              </button>
            </>
          ) : null}
          {geometry.type === 'LineString' ? (
            <Field
              label={t.fences.width}
              name="width_m"
              inputMode="decimal"
              required
              defaultValue={fence?.width_m ?? DEFAULT_WIDTH_M}
              error={errors.width_m}
            />
          ) : null}
          <div>
            <Tick label={t.fences.enter} name="enter" defaultChecked={fence ? fence.on.includes('enter') : true} />
            <Tick label={t.fences.exit} name="exit" defaultChecked={fence ? fence.on.includes('exit') : true} />
          </div>
          <div className="form-row">
            <Field
              label={t.fences.dwell}
              name="dwell_s"
              inputMode="numeric"
              defaultValue={fence?.dwell_s ?? ''}
              hint={t.fences.optional}
              error={errors.dwell_s}
            />
            <Field
              label={t.fences.limit}
              name="speed_limit_kmh"
              inputMode="decimal"
              defaultValue={fence?.speed_limit_kmh ?? ''}
              hint={t.fences.optional}
              error={errors.speed_limit_kmh}
            />
          </div>
        </>
      )}
    </Form>
  );
}
