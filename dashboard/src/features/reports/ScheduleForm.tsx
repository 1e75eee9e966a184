/** Makes or changes a report schedule. */

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Choice, Field, Tick } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { notReadYet } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { usersQuery } from '../../lib/api/list-users';
import { may } from '../../lib/roles';
import { useFormat } from '../../lib/settings/format';
import { useSettings } from '../../lib/settings/settings';
import { languageOf, useText } from '../../lib/strings/strings';
import { type Group, groupsFor, type Kind, kindsFor } from './api/reports';
import {
  addSchedule,
  changeSchedule,
  FORMATS,
  mayReceive,
  type NewSchedule,
  PERIODS,
  type Schedule,
  scheduleQuery,
} from './api/schedules';
import { VehiclePick } from './VehiclePick';

interface Props {
  me: Me;
  schedule: Schedule | null;
  onDone: () => void;
  onClose: () => void;
}

export function ScheduleForm(props: Props) {
  const { schedule } = props;
  // The version that is changed is the one that is shown.
  const query = useQuery({ ...scheduleQuery(schedule?.id ?? 0), enabled: schedule !== null });
  if (schedule === null) return <Fields {...props} etag={null} />;
  if (!query.data) return notReadYet(query);
  return <Fields {...props} schedule={query.data.value} etag={query.data.etag} />;
}

function Fields({ me, schedule, etag, onDone, onClose }: Props & { etag: string | null }) {
  const t = useText();
  const format = useFormat();
  const language = languageOf(useSettings());
  const [kind, setKind] = useState<Kind>(schedule?.kind ?? kindsFor(me)[0] ?? 'trips');
  const [vehicles, setVehicles] = useState<string[]>(schedule?.vehicle_ids ?? []);
  const owner = schedule?.owner_id ?? me.id;
  const seesUsers = may(me, 'people');
  const users = useQuery({ ...usersQuery, enabled: seesUsers });
  const readers = (users.data ?? []).filter((user) => mayReceive(user, owner));
  const groups = groupsFor(me, kind);
  const named = schedule?.receivers.map(({ user_id }) => user_id) ?? [owner];

  async function submit(data: FormData) {
    const receivers = data.getAll('receiver_ids').map(Number);
    const order: NewSchedule = {
      name: textOf(data, 'name') ?? '',
      kind,
      group_by: textOf(data, 'group_by') as Group,
      period: textOf(data, 'period') as NewSchedule['period'],
      time: textOf(data, 'time') ?? '',
      timezone: textOf(data, 'timezone') ?? format.timeZone,
      language: schedule?.language ?? language,
      format: textOf(data, 'format') as NonNullable<NewSchedule['format']>,
      active: data.get('active') !== null,
      ...(vehicles.length > 0 ? { vehicle_ids: vehicles } : {}),
      // Who lists no users leaves the receivers as they are.
      ...(seesUsers ? { receiver_ids: receivers } : {}),
    };
    if (schedule) await changeSchedule(schedule.id, order, etag);
    else await addSchedule(order);
    onDone();
  }

  return (
    <Form onCancel={onClose} onSubmit={submit}>
      {(errors) => (
        <>
          <Field label={t.schedules.name} name="name" required defaultValue={schedule?.name} error={errors.name} />
          <Choice
            label={t.reports.kind}
            value={kind}
            onChange={({ target }) => setKind(target.value as Kind)}
            error={errors.kind}
          >
            {kindsFor(me).map((each) => (
              <option key={each} value={each}>
                {t.reports.kinds[each]}
              </option>
            ))}
          </Choice>
          <Choice
            key={kind}
            label={t.reports.group}
            name="group_by"
            defaultValue={groups.find((each) => each === schedule?.group_by) ?? groups[0]}
            error={errors.group_by}
          >
            {groups.map((each) => (
              <option key={each} value={each}>
                {t.reports.groups[each]}
              </option>
            ))}
          </Choice>
          <VehiclePick picked={vehicles} onPick={setVehicles} />
          <Choice
            label={t.schedules.period}
            hint={t.schedules.periodHint}
            name="period"
            defaultValue={schedule?.period ?? 'week'}
            error={errors.period}
          >
            {PERIODS.map((each) => (
              <option key={each} value={each}>
                {t.schedules.each[each]}
              </option>
            ))}
          </Choice>
          <Field
            label={t.schedules.time}
            name="time"
            type="time"
            required
            defaultValue={schedule?.time.slice(0, 5) ?? '06:30'}
            error={errors.time}
          />
          <Field
            label={t.settings.timeZone}
            name="timezone"
            required
            defaultValue={schedule?.timezone ?? format.timeZone}
            error={errors.timezone}
          />
          <Choice
            label={t.schedules.format}
            name="format"
            defaultValue={schedule?.format ?? 'xlsx'}
            error={errors.format}
          >
            {FORMATS.map((each) => (
              <option key={each} value={each}>
                {each === 'xlsx' ? 'Excel (XLSX)' : each.toUpperCase()}
              </option>
            ))}
          </Choice>
          {seesUsers ? (
            <Choice
              key={readers.length}
              label={t.schedules.receivers}
              hint={t.schedules.receiversHint}
              name="receiver_ids"
              multiple
              size={5}
              required
              defaultValue={named.map(String)}
              error={errors.receiver_ids}
            >
              {readers.map(({ id, username, email }) => (
                <option key={id} value={id}>
                  {username} ({email})
                </option>
              ))}
            </Choice>
          ) : (
            <p className="field-note">{t.schedules.toYou}</p>
          )}
          <Tick label={t.schedules.active} name="active" defaultChecked={schedule?.active ?? true} />
        </>
      )}
    </Form>
  );
}
