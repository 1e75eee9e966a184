/** Parcels: a board by status for those who manage them, a list for a client. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Choice, Field } from '../../components/Field';
import { Form, numberOf, textOf } from '../../components/Form';
import { Icon } from '../../components/Icon';
import { Confirm, Modal } from '../../components/Modal';
import { Empty, notReadYet, Page } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { usersQuery } from '../../lib/api/list-users';
import { useUserName } from '../../lib/api/useUserName';
import { hasEnded, parcelText, placeText } from '../../lib/parcels';
import { may } from '../../lib/roles';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { addParcel, changeParcel, type Parcel, parcelsQuery } from './api/parcels';
import '../../styles/boards.css';

const COLUMNS = ['pending', 'assigned', 'moving', 'delivered', 'cancelled'] as const;
type ColumnName = (typeof COLUMNS)[number];
/** A column shows its newest ones; the rest has ended long ago. */
const SHOWN = 50;

export function ParcelsPage({ me }: { me: Me }) {
  const t = useText();
  const queries = useQueryClient();
  const query = useQuery(parcelsQuery);
  const nameOf = useUserName(me);
  const manages = may(me, 'fleet');
  const [isAdding, setIsAdding] = useState(false);
  const [assigned, setAssigned] = useState<Parcel | null>(null);
  const [cancelled, setCancelled] = useState<Parcel | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: parcelsQuery.queryKey });
  const cancel = useMutation({
    mutationFn: (id: number) => changeParcel(id, { status: 'cancelled' }),
    onSuccess: () => {
      setCancelled(null);
      return refresh();
    },
  });
  const parcels = [...(query.data ?? [])].sort((a, b) => b.id - a.id);
  const columns = COLUMNS.map((name) => ({ name, parcels: parcels.filter(({ status }) => columnOf(status) === name) }));
  // A client is told what is on its way first; a board keeps its columns.
  const shown = columns.filter(({ name, parcels: found }) => (manages ? name !== 'cancelled' : found.length > 0));

  const card = (parcel: Parcel) => (
    <li key={parcel.id} className="board-card" data-parcel-id={parcel.id}>
      <p className="board-head">
        <a href={`/parcels/${parcel.id}`}>{t.parcels.parcel(parcel.id)}</a>
        <Age at={parcel.updated_at} />
      </p>
      <p className="board-route">
        {placeText(parcel.pickup)}
        <span aria-hidden="true">↓</span>
        {placeText(parcel.destination)}
      </p>
      {columnOf(parcel.status) === 'moving' ? <p className="muted">{parcelText(parcel.status, t)}</p> : null}
      {manages ? (
        <p className="muted">
          {t.parcels.driver}: {parcel.driver_id === null ? t.parcels.noDriver : nameOf(parcel.driver_id)}
        </p>
      ) : null}
      {manages && !hasEnded(parcel.status) ? (
        <div className="board-actions">
          <button type="button" className="button button-small" onClick={() => setAssigned(parcel)}>
            {t.parcels.assign}
          </button>
          <button type="button" className="button button-small button-danger" onClick={() => setCancelled(parcel)}>
            {t.common.cancel}
            <span className="visually-hidden">: {parcel.id}</span>
          </button>
        </div>
      ) : null}
    </li>
  );

  return (
    <Page
      title={manages ? t.parcels.title : t.parcels.mine}
      isWide={manages}
      actions={
        manages ? (
          <button type="button" className="button button-primary" onClick={() => setIsAdding(true)}>
            <Icon name="plus" size={18} /> {t.parcels.add}
          </button>
        ) : null
      }
    >
      {notReadYet(query) ??
        (parcels.length === 0 ? (
          <Empty icon="parcels" title={manages ? t.parcels.empty : t.parcels.mineEmpty}>
            {manages ? t.parcels.emptyHint : t.parcels.mineEmptyHint}
          </Empty>
        ) : (
          <div className={manages ? 'board' : 'board-single'}>
            {shown.map(({ name, parcels: found }) => (
              <section key={name} className="board-column" aria-labelledby={`column-${name}`}>
                <h2 id={`column-${name}`}>
                  {t.parcels.columns[name]} <span className="details-count">{found.length}</span>
                </h2>
                <ul>{found.slice(0, SHOWN).map(card)}</ul>
                {found.length > SHOWN ? <p className="muted">{t.common.showing(SHOWN, found.length)}</p> : null}
              </section>
            ))}
          </div>
        ))}
      {isAdding ? <AddParcel me={me} onDone={refresh} onClose={() => setIsAdding(false)} /> : null}
      {assigned ? <AssignDriver me={me} parcel={assigned} onDone={refresh} onClose={() => setAssigned(null)} /> : null}
      {cancelled ? (
        <Confirm
          title={t.parcels.cancelTitle(cancelled.id)}
          text={`${placeText(cancelled.pickup)} → ${placeText(cancelled.destination)}`}
          action={t.parcels.cancelTitle(cancelled.id).replace('?', '')}
          isBusy={cancel.isPending}
          error={cancel.error?.message ?? null}
          onConfirm={() => cancel.mutate(cancelled.id)}
          onClose={() => setCancelled(null)}
        />
      ) : null}
    </Page>
  );
}

interface DialogProps {
  me: Me;
  onDone: () => unknown;
  onClose: () => void;
}

function AddParcel({ me, onDone, onClose }: DialogProps) {
  const t = useText();
  return (
    <Modal title={t.parcels.add} onClose={onClose}>
      <Form
        action={t.common.add}
        onCancel={onClose}
        onSubmit={async (data) => {
          const place = (name: string) => ({
            lat: numberOf(data, `${name}.lat`) ?? Number.NaN,
            lng: numberOf(data, `${name}.lng`) ?? Number.NaN,
            address: textOf(data, `${name}.address`),
          });
          await addParcel({
            client_id: numberOf(data, 'client_id') ?? Number.NaN,
            driver_id: numberOf(data, 'driver_id'),
            pickup: place('pickup'),
            destination: place('destination'),
          });
          await onDone();
          onClose();
        }}
      >
        {(errors) => (
          <>
            <div className="form-row">
              <UserChoice me={me} userRole="client" label={t.parcels.client} name="client_id" isRequired />
              <UserChoice me={me} userRole="driver" label={t.parcels.driver} name="driver_id" />
            </div>
            {(['pickup', 'destination'] as const).map((name) => (
              <fieldset key={name}>
                <legend>{t.parcels[name]}</legend>
                <div className="form">
                  <Field label={t.parcels.address} name={`${name}.address`} error={errors[`${name}.address`]} />
                  <div className="form-row">
                    <Field
                      label={t.fences.latitude}
                      name={`${name}.lat`}
                      inputMode="decimal"
                      required
                      error={errors[`${name}.lat`]}
                    />
                    <Field
                      label={t.fences.longitude}
                      name={`${name}.lng`}
                      inputMode="decimal"
                      required
                      error={errors[`${name}.lng`]}
                    />
                  </div>
                </div>
              </fieldset>
            ))}
          </>
        )}
      </Form>
    </Modal>
  );
}

function AssignDriver({ me, parcel, onDone, onClose }: DialogProps & { parcel: Parcel }) {
  const t = useText();
  return (
    <Modal title={t.parcels.assign} onClose={onClose}>
      <Form
        onCancel={onClose}
        onSubmit={async (data) => {
          await changeParcel(parcel.id, { driver_id: numberOf(data, 'driver_id') });
          await onDone();
          onClose();
        }}
      >
        {() => (
          <UserChoice me={me} userRole="driver" label={t.parcels.driver} name="driver_id" value={parcel.driver_id} />
        )}
      </Form>
    </Modal>
  );
}

interface UserChoiceProps {
  me: Me;
  userRole: string;
  label: string;
  name: string;
  value?: number | null;
  isRequired?: boolean;
}

/** A choice by name where users may be listed, else a field for the number. */
function UserChoice({ me, userRole, label, name, value = null, isRequired = false }: UserChoiceProps) {
  const t = useText();
  const { data: users } = useQuery({ ...usersQuery, enabled: may(me, 'people') });
  if (!users)
    return <Field label={label} name={name} inputMode="numeric" required={isRequired} defaultValue={value ?? ''} />;
  return (
    <Choice label={label} name={name} required={isRequired} defaultValue={value ?? ''}>
      <option value="">{isRequired ? '' : t.parcels.noDriver}</option>
      {users
        .filter((user) => user.role === userRole)
        .map((user) => (
          <option key={user.id} value={user.id}>
            {user.username}
          </option>
        ))}
    </Choice>
  );
}

function Age({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} className="muted">
      {format.moment(Date.parse(at))}
    </time>
  );
}

function columnOf(status: Parcel['status']): ColumnName {
  switch (status) {
    case 'picked_up':
    case 'in_transit':
    case 'out_for_delivery':
      return 'moving';
    default:
      return status;
  }
}
