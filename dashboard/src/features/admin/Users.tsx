/** Users and their roles. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Conflict, differencesOf } from '../../components/Conflict';
import { type Column, DataTable } from '../../components/DataTable';
import { Choice, Field, Tick } from '../../components/Field';
import { Form, numberOf, textOf } from '../../components/Form';
import { Icon } from '../../components/Icon';
import { Confirm, Modal } from '../../components/Modal';
import { Empty, notReadYet } from '../../components/Page';
import { Secret } from '../../components/Secret';
import type { Me } from '../../lib/api/get-me';
import { type User, usersQuery } from '../../lib/api/list-users';
import { ApiError, type Versioned } from '../../lib/api/request';
import { useRoster, useVehicleName } from '../../lib/live/useLive';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { addUser, changeUser, getUser, inviteUser, removeUser } from './api/things';
import { EraseUser } from './EraseUser';

type Role = User['role'];

export function Users({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const query = useQuery(usersQuery);
  const nameOf = useVehicleName();
  const [edited, setEdited] = useState<Versioned<User> | 'new' | null>(null);
  const [removed, setRemoved] = useState<User | null>(null);
  const [erased, setErased] = useState<User | null>(null);
  const invite = useMutation({ mutationFn: ({ id }: User) => inviteUser(id) });
  const done = () => {
    setEdited(null);
    setRemoved(null);
    void queries.invalidateQueries({ queryKey: usersQuery.queryKey });
  };
  const remove = useMutation({ mutationFn: removeUser, onSuccess: done });
  const columns = useMemo<Column<User>[]>(
    () => [
      { key: 'name', title: t.users.username, value: ({ username }) => username, render: ({ username }) => username },
      {
        key: 'role',
        title: t.users.role,
        value: ({ role }) => role,
        render: ({ role }) => t.users.roles[role].split(':')[0],
      },
      {
        key: 'state',
        title: t.users.state,
        value: ({ active, approved }) => Number(active) + Number(approved),
        render: ({ active, approved }) => (
          <span className="tag" data-tone={active && approved ? 'good' : 'warn'}>
            {!active ? t.users.blocked : approved ? t.users.active : t.users.waiting}
          </span>
        ),
      },
      {
        key: 'vehicles',
        title: t.manage.vehicles,
        render: ({ vehicle_ids }) => vehicle_ids.map((id) => nameOf(id)).join(', '),
      },
      { key: 'id', title: t.devices.id, isNumber: true, value: ({ id }) => id, render: ({ id }) => id },
    ],
    [t, nameOf],
  );
  return (
    <>
      <div className="toolbar">
        <span className="spacer" />
        <button type="button" className="button button-primary" onClick={() => setEdited('new')}>
          <Icon name="plus" size={18} /> {t.users.add}
        </button>
      </div>
      {notReadYet(query) ??
        (query.data?.length === 0 ? (
          <Empty icon="user" title={t.users.empty} />
        ) : (
          <DataTable
            label={t.users.title}
            columns={columns}
            rows={query.data ?? []}
            rowKey={({ id }) => id}
            sortedBy="name"
            actions={(user) => (
              <>
                <button type="button" className="button button-small" onClick={() => invite.mutate(user)}>
                  {t.users.invite}
                </button>
                <button
                  type="button"
                  className="button button-small"
                  onClick={() => void getUser(user.id).then(setEdited)}
                >
                  {t.common.edit}
                </button>
                {user.id === me.id ? null : (
                  <>
                    <button
                      type="button"
                      className="button button-small button-danger"
                      onClick={() => setRemoved(user)}
                    >
                      {t.common.remove}
                    </button>
                    <button type="button" className="button button-small button-danger" onClick={() => setErased(user)}>
                      {t.users.erase}
                    </button>
                  </>
                )}
              </>
            )}
          />
        ))}
      {edited ? (
        <EditUser me={me} user={edited === 'new' ? null : edited} onDone={done} onClose={() => setEdited(null)} />
      ) : null}
      {erased ? (
        <EraseUser
          user={erased}
          onClose={() => {
            setErased(null);
            done();
          }}
        />
      ) : null}
      {invite.error ? (
        <p className="form-error" role="alert">
          {invite.error.message}
        </p>
      ) : null}
      {invite.data ? (
        <Modal title={t.users.inviteTitle(invite.variables.username)} onClose={() => invite.reset()}>
          <p className="modal-text">{t.users.inviteText(format.moment(invite.data.expiresAtMs))}</p>
          <Secret label={t.users.inviteLink} value={invite.data.url} />
          <div className="form-actions">
            <button type="button" className="button button-primary" onClick={() => invite.reset()}>
              {t.common.close}
            </button>
          </div>
        </Modal>
      ) : null}
      {removed ? (
        <Confirm
          title={t.users.removeTitle(removed.username)}
          text={t.users.removeText}
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
  user: Versioned<User> | null;
  onDone: () => void;
  onClose: () => void;
}

type Entered = Parameters<typeof changeUser>[1];

function EditUser({ me, user, onDone, onClose }: EditProps) {
  const t = useText();
  const roster = useRoster();
  const now = user?.value;
  const [role, setRole] = useState<Role>(now?.role ?? 'manager');
  const [conflict, setConflict] = useState<{ theirs: Versioned<User>; yours: Entered } | null>(null);
  const names = { username: t.users.username, role: t.users.role, active: t.users.active, approved: t.users.approved };

  async function save(data: FormData) {
    const password = textOf(data, 'password');
    const entered: Entered = {
      username: textOf(data, 'username') ?? '',
      role,
      active: data.get('active') !== null,
      approved: data.get('approved') !== null,
      ...(password ? { password } : {}),
      ...(role === 'parent' ? { vehicle_ids: data.getAll('vehicle_ids').map(String) } : {}),
      ...(role === 'cadet' ? { cadet_id: numberOf(data, 'cadet_id') } : {}),
    };
    if (!user) {
      await addUser({ ...entered, username: entered.username ?? '', role });
      return onDone();
    }
    try {
      await changeUser(user.value.id, entered, user.etag);
      onDone();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      setConflict({ theirs: await getUser(user.value.id), yours: entered });
    }
  }

  const roles = (Object.keys(t.users.roles) as Role[]).filter(
    (each) => each !== 'superadmin' || me.role === 'superadmin',
  );
  return (
    <Modal title={now ? t.users.edit(now.username) : t.users.add} onClose={onClose}>
      {conflict && user ? (
        <Conflict
          differences={differencesOf(conflict.theirs.value, conflict.yours as Record<string, unknown>, names)}
          onKeepTheirs={onDone}
          onKeepYours={() => void changeUser(user.value.id, conflict.yours, conflict.theirs.etag).then(onDone, onClose)}
        />
      ) : null}
      <div hidden={conflict !== null}>
        <Form onSubmit={save} onCancel={onClose}>
          {(errors) => (
            <>
              <Field
                label={t.users.username}
                name="username"
                required
                autoComplete="off"
                defaultValue={now?.username}
                error={errors.username}
              />
              <Field
                label={now ? t.users.newPassword : t.users.password}
                hint={now ? t.users.newPasswordHint : t.users.passwordHint}
                name="password"
                type="password"
                autoComplete="new-password"
                error={errors.password}
              />
              <Choice
                label={t.users.role}
                name="role"
                value={role}
                error={errors.role}
                onChange={({ target }) => setRole(target.value as Role)}
              >
                {roles.map((each) => (
                  <option key={each} value={each}>
                    {t.users.roles[each]}
                  </option>
                ))}
              </Choice>
              {role === 'parent' ? (
                <Choice label={t.users.vehicles} name="vehicle_ids" multiple defaultValue={now?.vehicle_ids ?? []}>
                  {roster.map(({ id, label }) => (
                    <option key={id} value={id}>
                      {label}
                    </option>
                  ))}
                </Choice>
              ) : null}
              {role === 'cadet' ? (
                <Field
                  label={t.users.cadet}
                  name="cadet_id"
                  inputMode="numeric"
                  defaultValue={now?.cadet_id ?? ''}
                  error={errors.cadet_id}
                />
              ) : null}
              <div>
                <Tick label={t.users.active} name="active" defaultChecked={now?.active ?? true} />
                <Tick label={t.users.approved} name="approved" defaultChecked={now?.approved ?? true} />
              </div>
            </>
          )}
        </Form>
      </div>
    </Modal>
  );
}
