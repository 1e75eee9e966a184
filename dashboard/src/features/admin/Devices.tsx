/** Devices: add one, see its key once, remove it. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Choice, Field } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { Icon } from '../../components/Icon';
import { Confirm, Modal } from '../../components/Modal';
import { Empty, notReadYet } from '../../components/Page';
import { Secret } from '../../components/Secret';
import type { Me } from '../../lib/api/get-me';
import { useRoster, useVehicleName } from '../../lib/live/useLive';
import { may } from '../../lib/roles';
import { useText } from '../../lib/strings/strings';
import { addDevice, type Device, devicesQuery, removeDevice } from './api/things';
import { UnknownDevices } from './UnknownDevices';

const QrCode = lazy(() => import('../../components/QrCode'));

export function Devices({ me }: { me: Me }) {
  const t = useText();
  const queries = useQueryClient();
  const query = useQuery(devicesQuery);
  const nameOf = useVehicleName();
  const roster = useRoster();
  const [isAdding, setIsAdding] = useState(false);
  const [added, setAdded] = useState<Device | null>(null);
  const [removed, setRemoved] = useState<Device | null>(null);
  const refresh = () => void queries.invalidateQueries({ queryKey: devicesQuery.queryKey });
  const remove = useMutation({
    mutationFn: removeDevice,
    onSuccess: () => {
      setRemoved(null);
      refresh();
    },
  });
  const columns = useMemo<Column<Device>[]>(
    () => [
      { key: 'id', title: t.devices.id, value: ({ id }) => id, render: ({ id }) => id },
      { key: 'name', title: t.devices.name, value: ({ name }) => name, render: ({ name }) => name },
      {
        key: 'vehicle',
        title: t.devices.vehicle,
        value: ({ vehicle_id }) => nameOf(vehicle_id),
        render: ({ vehicle_id }) => nameOf(vehicle_id),
      },
    ],
    [t, nameOf],
  );
  return (
    <>
      <div className="toolbar">
        <span className="spacer" />
        <button type="button" className="button button-primary" onClick={() => setIsAdding(true)}>
          <Icon name="plus" size={18} /> {t.devices.add}
        </button>
      </div>
      {notReadYet(query) ??
        (query.data?.length === 0 ? (
          <Empty icon="target" title={t.devices.empty}>
            {t.devices.emptyHint}
          </Empty>
        ) : (
          <DataTable
            label={t.devices.title}
            columns={columns}
            rows={query.data ?? []}
            rowKey={({ id }) => id}
            sortedBy="vehicle"
            actions={(device) => (
              <button type="button" className="button button-small button-danger" onClick={() => setRemoved(device)}>
                {t.common.remove}
              </button>
            )}
          />
        ))}
      {may(me, 'people') ? <UnknownDevices onAdopted={refresh} /> : null}
      {isAdding ? (
        <Modal title={t.devices.add} onClose={() => setIsAdding(false)}>
          <Form
            action={t.common.add}
            onCancel={() => setIsAdding(false)}
            onSubmit={async (data) => {
              const device = await addDevice({
                vehicle_id: textOf(data, 'vehicle_id') ?? '',
                name: textOf(data, 'name'),
                id: textOf(data, 'id'),
              });
              setIsAdding(false);
              setAdded(device);
              refresh();
            }}
          >
            {(errors) => (
              <>
                <Choice label={t.devices.vehicle} name="vehicle_id" required error={errors.vehicle_id}>
                  <option value="" />
                  {roster.map(({ id, label }) => (
                    <option key={id} value={id}>
                      {label}
                    </option>
                  ))}
                </Choice>
                <Field label={t.devices.name} name="name" hint={t.fences.optional} error={errors.name} />
                <Field label={t.devices.id} name="id" hint={t.vehicles.idHint} error={errors.id} />
              </>
            )}
          </Form>
        </Modal>
      ) : null}
      {added?.key ? (
        <Modal title={t.devices.keyTitle} mustAnswer onClose={() => setAdded(null)}>
          <p className="modal-text">{t.devices.keyText}</p>
          <Suspense fallback={<div className="qr" aria-busy="true" />}>
            <QrCode label={t.devices.qr} text={setUpText(added)} />
          </Suspense>
          <Secret label={t.devices.keyLabel} value={added.key} />
          <Secret label={t.devices.address} value={addressOf(added)} />
          <div className="form-actions">
            <button type="button" className="button button-primary" onClick={() => setAdded(null)}>
              {t.devices.done}
            </button>
          </div>
        </Modal>
      ) : null}
      {removed ? (
        <Confirm
          title={t.devices.removeTitle(removed.name ?? removed.id)}
          text={t.devices.removeText}
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

const addressOf = (_: Device) => `${window.location.origin}/api/v1/positions`;

/** What a phone needs: where to report, as whom, with which key. */
function setUpText(device: Device): string {
  return JSON.stringify({ url: addressOf(device), device_id: device.id, key: device.key });
}
