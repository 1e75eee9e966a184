/** Trackers that reported and that nobody has added: give one a vehicle. Nothing is shown while there are none. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Choice } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { Modal } from '../../components/Modal';
import { useRoster } from '../../lib/live/useLive';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { adoptDevice, type UnknownDevice, unknownDevicesQuery } from './api/access';
import '../../styles/account.css';

export function UnknownDevices({ onAdopted }: { onAdopted: () => void }) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const roster = useRoster();
  // A tenant that is not the one of devices may not see them.
  const { data: devices } = useQuery(unknownDevicesQuery);
  const [adopted, setAdopted] = useState<UnknownDevice | null>(null);
  const columns = useMemo<Column<UnknownDevice>[]>(
    () => [
      { key: 'name', title: t.devices.uniqueId, value: ({ unique_id }) => unique_id, render: (one) => one.unique_id },
      { key: 'protocol', title: t.devices.protocol, value: ({ protocol }) => protocol, render: (one) => one.protocol },
      { key: 'from', title: t.devices.from, value: ({ address }) => address, render: ({ address }) => address ?? '–' },
      {
        key: 'seen',
        title: t.devices.lastSeen,
        value: ({ last_seen }) => Date.parse(last_seen),
        render: ({ last_seen }) => format.moment(Date.parse(last_seen)),
      },
    ],
    [t, format],
  );
  if (!devices || devices.length === 0) return null;
  return (
    <section className="account-part" aria-labelledby="unknown-title">
      <h2 id="unknown-title">{t.devices.unknown}</h2>
      <p>{t.devices.unknownText}</p>
      <DataTable
        label={t.devices.unknown}
        columns={columns}
        rows={devices}
        rowKey={({ id }) => id}
        sortedBy="-seen"
        actions={(device) => (
          <button type="button" className="button button-small" onClick={() => setAdopted(device)}>
            {t.devices.adopt}
          </button>
        )}
      />
      {adopted ? (
        <Modal title={t.devices.adoptTitle(adopted.unique_id)} onClose={() => setAdopted(null)}>
          <Form
            action={t.devices.adopt}
            onCancel={() => setAdopted(null)}
            onSubmit={async (data) => {
              await adoptDevice(adopted.id, { vehicle_id: textOf(data, 'vehicle_id') ?? '' });
              setAdopted(null);
              onAdopted();
              await queries.invalidateQueries({ queryKey: unknownDevicesQuery.queryKey });
            }}
          >
            {(errors) => (
              <Choice label={t.devices.vehicle} name="vehicle_id" required error={errors.vehicle_id}>
                <option value="" />
                {roster.map(({ id, label }) => (
                  <option key={id} value={id}>
                    {label}
                  </option>
                ))}
              </Choice>
            )}
          </Form>
        </Modal>
      ) : null}
    </section>
  );
}
