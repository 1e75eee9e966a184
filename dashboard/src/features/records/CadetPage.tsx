/** One cadet's records: scores, merits and demerits, attendance. Staff change them, the cadet reads them. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { Choice, Field } from '../../components/Field';
import { Form, numberOf, textOf } from '../../components/Form';
import { Icon } from '../../components/Icon';
import { Modal } from '../../components/Modal';
import { Empty, notReadYet, Page } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { ApiError } from '../../lib/api/request';
import { may } from '../../lib/roles';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import {
  type Attendance,
  cadetQuery,
  getCadet,
  giveGrade,
  gradesQuery,
  SCORES,
  setAttendance,
  takeBackGrade,
} from './api/cadets';
import { ScoreCell } from './ScoreCell';
import '../../styles/records.css';

/** The records of the signed-in cadet. */
export function MyRecordsPage({ me }: { me: Me }) {
  const t = useText();
  if (me.cadetId === null) {
    return (
      <Page title={t.records.mine}>
        <Empty icon="records" title={t.records.mineNone}>
          {t.records.mineNoneHint}
        </Empty>
      </Page>
    );
  }
  return <CadetPage me={me} id={me.cadetId} />;
}

export function CadetPage({ me, id }: { me: Me; id: number }) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const isStaff = may(me, 'records');
  const query = useQuery(cadetQuery(id));
  const grades = useQuery(gradesQuery(id));
  const [open, setOpen] = useState<'grade' | Attendance | 'attendance' | null>(null);
  const refresh = async () => {
    await Promise.all(['cadet', 'grades', 'cadets'].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  };
  const takeBack = useMutation({ mutationFn: (gradeId: number) => takeBackGrade(id, gradeId), onSettled: refresh });
  const cadet = query.data;
  const waiting = notReadYet(query);
  if (waiting || !cadet) return <Page title={t.records.title}>{waiting}</Page>;
  const titles = { prelim_score: t.records.prelim, midterm_score: t.records.midterm, final_score: t.records.final };
  const figures: [string, number][] = [
    [t.records.merits, cadet.merit_points],
    [t.records.demerits, cadet.demerit_points],
    [t.records.present, cadet.attendance_present],
  ];
  return (
    <Page
      title={isStaff ? cadet.name : t.records.mine}
      lead={
        isStaff ? (
          <Link href="/cadets" className="back-link">
            ← {t.records.back}
          </Link>
        ) : (
          [cadet.name, cadet.student_id].filter(Boolean).join(' · ')
        )
      }
    >
      <dl className="figures">
        {SCORES.map((name) => (
          <div key={name}>
            <dt>{titles[name]}</dt>
            <dd>
              {isStaff ? (
                <ScoreCell
                  cadetId={id}
                  name={name}
                  label={titles[name]}
                  value={cadet[name]}
                  onSaved={() => void refresh()}
                />
              ) : (
                (cadet[name] ?? '–')
              )}
            </dd>
          </div>
        ))}
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd aria-live="polite">{format.number(value)}</dd>
          </div>
        ))}
      </dl>
      <div className="records-columns">
        <section className="card records-card" aria-labelledby="grades">
          <header>
            <h2 id="grades">{t.records.grades}</h2>
            {isStaff ? (
              <button type="button" className="button button-small" onClick={() => setOpen('grade')}>
                <Icon name="plus" size={16} /> {t.records.give}
              </button>
            ) : null}
          </header>
          {notReadYet(grades) ??
            (grades.data?.length === 0 ? (
              <p className="muted">{t.records.noGrades}</p>
            ) : (
              <ul className="records-list">
                {grades.data?.map((grade) => (
                  <li key={grade.id}>
                    <span className="tag" data-tone={grade.type === 'merit' ? 'good' : 'bad'}>
                      {grade.type === 'merit' ? `+${grade.points}` : `−${grade.points}`}{' '}
                      {grade.type === 'merit' ? t.records.merit : t.records.demerit}
                    </span>
                    <span className="grow">{grade.reason}</span>
                    <time className="muted" dateTime={grade.created_at}>
                      {format.moment(Date.parse(grade.created_at))}
                    </time>
                    {isStaff ? (
                      <button
                        type="button"
                        className="button button-small"
                        disabled={takeBack.isPending}
                        onClick={() => takeBack.mutate(grade.id)}
                      >
                        {t.records.takeBack}
                      </button>
                    ) : null}
                  </li>
                ))}
              </ul>
            ))}
        </section>
        <section className="card records-card" aria-labelledby="attendance">
          <header>
            <h2 id="attendance">{t.records.attendance}</h2>
            {isStaff ? (
              <button type="button" className="button button-small" onClick={() => setOpen('attendance')}>
                <Icon name="plus" size={16} /> {t.records.trainingDay}
              </button>
            ) : null}
          </header>
          {cadet.attendance && cadet.attendance.length > 0 ? (
            <ul className="records-list">
              {cadet.attendance.map((each) => (
                <li key={each.training_day_id}>
                  <span className="grow">
                    {t.records.trainingDay} {each.training_day_id}
                  </span>
                  <span className="tag" data-tone={TONES[each.status]}>
                    {t.records.statuses[each.status]}
                  </span>
                  <span className="muted">
                    {[each.time_in, each.time_out]
                      .map((time) => time?.slice(0, 5) ?? '')
                      .filter(Boolean)
                      .join('–')}
                  </span>
                  {isStaff ? (
                    <button type="button" className="button button-small" onClick={() => setOpen(each)}>
                      {t.common.edit}
                      <span className="visually-hidden">
                        : {t.records.trainingDay} {each.training_day_id}
                      </span>
                    </button>
                  ) : null}
                </li>
              ))}
            </ul>
          ) : (
            <p className="muted">{t.records.noAttendance}</p>
          )}
        </section>
      </div>
      {open === 'grade' ? (
        <Modal title={t.records.give} onClose={() => setOpen(null)}>
          <GiveGrade
            id={id}
            onClose={() => setOpen(null)}
            onDone={() => {
              setOpen(null);
              void refresh();
            }}
          />
        </Modal>
      ) : open ? (
        <Modal title={t.records.attendance} onClose={() => setOpen(null)}>
          <EditAttendance
            id={id}
            attendance={open === 'attendance' ? null : open}
            onClose={() => setOpen(null)}
            onDone={() => {
              setOpen(null);
              void refresh();
            }}
          />
        </Modal>
      ) : null}
    </Page>
  );
}

const TONES: Record<Attendance['status'], string> = { present: 'good', absent: 'bad', late: 'warn', excused: 'info' };

interface EditProps {
  id: number;
  onDone: () => void;
  onClose: () => void;
}

function GiveGrade({ id, onDone, onClose }: EditProps) {
  const t = useText();
  return (
    <Form
      onCancel={onClose}
      onSubmit={async (data) => {
        await giveGrade(id, {
          type: data.get('type') === 'demerit' ? 'demerit' : 'merit',
          points: numberOf(data, 'points') ?? 0,
          reason: textOf(data, 'reason') ?? '',
        });
        onDone();
      }}
    >
      {(errors) => (
        <>
          <div className="form-row">
            <Choice label={t.records.grades} name="type">
              <option value="merit">{t.records.merit}</option>
              <option value="demerit">{t.records.demerit}</option>
            </Choice>
            <Field
              label={t.records.points}
              name="points"
              type="number"
              min={1}
              max={1000}
              required
              defaultValue={5}
              error={errors.points}
            />
          </div>
          <Field label={t.records.reason} name="reason" required maxLength={500} error={errors.reason} />
        </>
      )}
    </Form>
  );
}

function EditAttendance({ id, attendance, onDone, onClose }: EditProps & { attendance: Attendance | null }) {
  const t = useText();
  const [theirs, setTheirs] = useState<Attendance | null>(null);
  const text = ({ status, time_in, time_out }: Pick<Attendance, 'status' | 'time_in' | 'time_out'>) =>
    [t.records.statuses[status], time_in?.slice(0, 5), time_out?.slice(0, 5)].filter(Boolean).join(' · ');
  return (
    <Form
      onCancel={onClose}
      onSubmit={async (data) => {
        const day = attendance?.training_day_id ?? numberOf(data, 'day') ?? 0;
        const mine = {
          status: String(data.get('status')) as Attendance['status'],
          time_in: textOf(data, 'time_in'),
          time_out: textOf(data, 'time_out'),
        };
        const { value, etag } = await getCadet(id);
        const now = value.attendance?.find(({ training_day_id }) => training_day_id === day) ?? null;
        const seen = theirs ?? attendance;
        // Somebody has entered this day since it was shown: both are shown before anything is replaced.
        if (now && (!seen || text(now) !== text(seen)) && text(now) !== text(mine)) {
          setTheirs(now);
          throw new ApiError(
            412,
            `${t.common.conflictTitle}. ${t.common.theirs}: ${text(now)}. ${t.common.yours}: ${text(mine)}.`,
          );
        }
        await setAttendance(id, day, mine, etag);
        onDone();
      }}
    >
      {(errors) => (
        <>
          <Field
            label={t.records.trainingDay}
            name="day"
            type="number"
            min={1}
            required
            readOnly={attendance !== null}
            defaultValue={attendance?.training_day_id ?? ''}
            error={errors.training_day_id}
          />
          <Choice label={t.users.state} name="status" defaultValue={attendance?.status ?? 'present'}>
            {Object.entries(t.records.statuses).map(([status, word]) => (
              <option key={status} value={status}>
                {word}
              </option>
            ))}
          </Choice>
          <div className="form-row">
            <Field
              label={t.records.timeIn}
              name="time_in"
              type="time"
              defaultValue={attendance?.time_in?.slice(0, 5) ?? ''}
              error={errors.time_in}
            />
            <Field
              label={t.records.timeOut}
              name="time_out"
              type="time"
              defaultValue={attendance?.time_out?.slice(0, 5) ?? ''}
              error={errors.time_out}
            />
          </div>
        </>
      )}
    </Form>
  );
}
