/** Vehicles: add, change, remove. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { Conflict, differencesOf } from '../../components/Conflict';
import { type Column, DataTable } from '../../components/DataTable';
import { Choice, Field } from '../../components/Field';
import { Form, numberOf, textOf } from '../../components/Form';
import { Freshness } from '../../components/Freshness';
import { Icon } from '../../components/Icon';
import { Confirm, Modal } from '../../components/Modal';
import { Empty, notReadYet } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { usersQuery } from '../../lib/api/list-users';
import { ApiError, type Versioned } from '../../lib/api/request';
import { useUserName } from '../../lib/api/useUserName';
import { KINDS, kindOf } from '../../lib/kinds';
import { useLive } from '../../lib/live/useLive';
import { may } from '../../lib/roles';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { useNow } from '../../lib/time/useNow';
import { addVehicle, changeVehicle, getVehicle, removeVehicle, type Vehicle, vehiclesQuery } from './api/things';

export function Vehicles({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const nowMs = useNow();
  const queries = useQueryClient();
  const { fleet, relist } = useLive();
  const query = useQuery(vehiclesQuery);
  const nameOf = useUserName(me);
  const [edited, setEdited] = useState<Versioned<Vehicle> | 'new' | null>(null);
  const [removed, setRemoved] = useState<Vehicle | null>(null);
  const done = () => {
    setEdited(null);
    setRemoved(null);
    relist();
    void queries.invalidateQueries({ queryKey: vehiclesQuery.queryKey });
  };
  const remove = useMutation({ mutationFn: removeVehicle, onSuccess: done });

  const columns = useMemo<Column<Vehicle>[]>(
    () => [
      { key: 'label', title: t.vehicles.label, value: ({ label }) => label, render: ({ label, id }) => label || id },
      {
        key: 'kind',
        title: t.vehicles.kind,
        value: ({ kind }) => kind,
        render: ({ kind }) => (kindOf(kind) === 'vehicle' ? kind : t.kinds[kindOf(kind)].one),
      },
      {
        key: 'plate',
        title: t.vehicles.plate,
        value: ({ license_plate }) => license_plate,
        render: (v) => v.license_plate,
      },
      { key: 'route', title: t.vehicles.route, value: ({ route }) => route, render: ({ route }) => route },
      {
        key: 'driver',
        title: t.vehicles.driver,
        value: ({ driver_id }) => driver_id,
        render: ({ driver_id }) => (driver_id === null ? '' : nameOf(driver_id)),
      },
      {
        key: 'limit',
        title: t.panel.limit,
        isNumber: true,
        value: ({ speed_limit_kmh }) => speed_limit_kmh,
        render: ({ speed_limit_kmh }) => (speed_limit_kmh === null ? '' : format.speed(speed_limit_kmh)),
      },
    ],
    [t, format, nameOf],
  );
  const withAge: Column<Vehicle>[] = [
    ...columns,
    {
      key: 'heard',
      title: t.vehicles.lastHeard,
      value: ({ id }) => fleet.get(id)?.fix?.atMs ?? null,
      render: ({ id }) => {
        const live = fleet.get(id);
        return live ? (
          <Freshness
            state={fleet.freshness(live, nowMs)}
            atMs={live.fix?.atMs ?? null}
            nowMs={nowMs}
            offDutyMs={live.offDutyMs}
          />
        ) : (
          t.freshness.never
        );
      },
    },
  ];

  return (
    <>
      <div className="toolbar">
        <span className="spacer" />
        <button type="button" className="button button-primary" onClick={() => setEdited('new')}>
          <Icon name="plus" size={18} /> {t.vehicles.add}
        </button>
      </div>
      {notReadYet(query) ??
        (query.data?.length === 0 ? (
          <Empty icon="bus" title={t.vehicles.empty}>
            {t.vehicles.emptyHint}
          </Empty>
        ) : (
          <DataTable
            label={t.vehicles.title}
            columns={withAge}
            rows={query.data ?? []}
            rowKey={({ id }) => id}
            sortedBy="label"
            actions={(vehicle) => (
              <>
                <Link href={`/map?vehicle=${encodeURIComponent(vehicle.id)}`} className="button button-small">
                  {t.nav.map}
                </Link>
                <button
                  type="button"
                  className="button button-small"
                  onClick={() => void getVehicle(vehicle.id).then(setEdited)}
                >
                  {t.common.edit}
                </button>
                <button type="button" className="button button-small button-danger" onClick={() => setRemoved(vehicle)}>
                  {t.common.remove}
                </button>
              </>
            )}
          />
        ))}
      {edited ? (
        <EditVehicle me={me} vehicle={edited === 'new' ? null : edited} onDone={done} onClose={() => setEdited(null)} />
      ) : null}
      {removed ? (
        <Confirm
          title={t.vehicles.removeTitle(removed.label || removed.id)}
          text={t.vehicles.removeText}
          action={t.common.remove}
          isBusy={remove.isPending}
          error={remove.error?.message ?? null}
          onConfirm={() => remove.mutate(removed.id)}
          onClose={() => setRemoved(null)}
        />
      ) : null}
    </>
  );
}

interface EditProps {
  me: Me;
  vehicle: Versioned<Vehicle> | null;
  onDone: () => void;
  onClose: () => void;
}

type Entered = Omit<Parameters<typeof changeVehicle>[1], 'service_due_at'>;

function EditVehicle({ me, vehicle, onDone, onClose }: EditProps) {
  const t = useText();
  const { data: users } = useQuery({ ...usersQuery, enabled: may(me, 'people') });
  const [conflict, setConflict] = useState<{ theirs: Versioned<Vehicle>; yours: Entered } | null>(null);
  const now = vehicle?.value;
  const names: Record<string, string> = {
    label: t.vehicles.label,
    kind: t.vehicles.kind,
    license_plate: t.vehicles.plate,
    route: t.vehicles.route,
    status: t.vehicles.status,
    driver_id: t.vehicles.driver,
    speed_limit_kmh: t.vehicles.limit,
    fuel_l_per_100km: t.vehicles.consumption,
    fuel_price_per_l: t.vehicles.price,
    odometer_km: t.vehicles.odometer,
    service_due_km: t.vehicles.serviceKm,
  };
  const numbers = ['speed_limit_kmh', 'fuel_l_per_100km', 'fuel_price_per_l', 'odometer_km', 'service_due_km'] as const;

  async function save(data: FormData) {
    const entered: Entered = {
      label: textOf(data, 'label') ?? '',
      kind: textOf(data, 'kind') ?? 'vehicle',
      license_plate: textOf(data, 'license_plate'),
      route: textOf(data, 'route'),
      driver_id: numberOf(data, 'driver_id'),
      ...(textOf(data, 'status') ? { status: textOf(data, 'status') as string } : {}),
      ...Object.fromEntries(numbers.map((name) => [name, numberOf(data, name)])),
    };
    if (!vehicle) {
      await addVehicle({ ...entered, id: textOf(data, 'id'), label: entered.label ?? '', kind: entered.kind ?? '' });
      return onDone();
    }
    try {
      await changeVehicle(vehicle.value.id, entered, vehicle.etag);
      onDone();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      setConflict({ theirs: await getVehicle(vehicle.value.id), yours: entered });
    }
  }

  return (
    <Modal title={now ? t.vehicles.edit(now.label || now.id) : t.vehicles.add} onClose={onClose}>
      {conflict && vehicle ? (
        <Conflict
          differences={differencesOf(conflict.theirs.value, conflict.yours as Record<string, unknown>, names)}
          onKeepTheirs={onDone}
          onKeepYours={() =>
            void changeVehicle(vehicle.value.id, conflict.yours, conflict.theirs.etag).then(onDone, onClose)
          }
        />
      ) : null}
      <div hidden={conflict !== null}>
        <Form onSubmit={save} onCancel={onClose}>
          {(errors) => (
            <>
              <div className="form-row">
                <Field label={t.vehicles.label} name="label" required defaultValue={now?.label} error={errors.label} />
                <Field
                  label={t.vehicles.kind}
                  name="kind"
                  required
                  list="kinds"
                  defaultValue={now?.kind ?? 'bus'}
                  error={errors.kind}
                />
                <datalist id="kinds">
                  {KINDS.map((kind) => (
                    <option key={kind}>{kind}</option>
                  ))}
                </datalist>
              </div>
              <div className="form-row">
                <Field
                  label={t.vehicles.plate}
                  name="license_plate"
                  defaultValue={now?.license_plate ?? ''}
                  error={errors.license_plate}
                />
                <Field label={t.vehicles.route} name="route" defaultValue={now?.route ?? ''} error={errors.route} />
                <Field label={t.vehicles.status} name="status" defaultValue={now?.status ?? ''} error={errors.status} />
              </div>
              {users ? (
                <Choice label={t.vehicles.driver} name="driver_id" defaultValue={now?.driver_id ?? ''}>
                  <option value="">–</option>
                  {users
                    .filter(({ role }) => role === 'driver' || role === 'rider')
                    .map((user) => (
                      <option key={user.id} value={user.id}>
                        {user.username}
                      </option>
                    ))}
                </Choice>
              ) : (
                <Field
                  label={t.vehicles.driver}
                  name="driver_id"
                  inputMode="numeric"
                  defaultValue={now?.driver_id ?? ''}
                  error={errors.driver_id}
                />
              )}
              <div className="form-row">
                {numbers.map((name) => (
                  <Field
                    key={name}
                    label={names[name] ?? name}
                    name={name}
                    inputMode="decimal"
                    defaultValue={now?.[name] ?? ''}
                    error={errors[name]}
                  />
                ))}
              </div>
              {now ? null : <Field label="Id" name="id" hint={t.vehicles.idHint} error={errors.id} />}
            </>
          )}
        </Form>
      </div>
    </Modal>
  );
}
