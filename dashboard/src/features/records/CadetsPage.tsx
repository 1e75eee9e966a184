/** The records of all cadets as a grid, whose scores are typed in place. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { Field } from '../../components/Field';
import { Form, textOf } from '../../components/Form';
import { Icon } from '../../components/Icon';
import { Modal } from '../../components/Modal';
import { Empty, notReadYet, Page } from '../../components/Page';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { addCadet, type Cadet, cadetsQuery, SCORES } from './api/cadets';
import { ScoreCell } from './ScoreCell';
import '../../styles/records.css';

const STEP = 200;
const NO_CADETS: Cadet[] = [];

export function CadetsPage() {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const query = useQuery(cadetsQuery);
  const cadets = query.data ?? NO_CADETS;
  const [search, setSearch] = useState('');
  const words = useDeferredValue(search.trim().toLowerCase());
  const [isAdding, setIsAdding] = useState(false);
  const [shown, setShown] = useState(STEP);
  const table = useRef<HTMLTableElement>(null);
  const found = useMemo(
    () => cadets.filter(({ name, student_id }) => `${name} ${student_id ?? ''}`.toLowerCase().includes(words)),
    [cadets, words],
  );
  const titles = { prelim_score: t.records.prelim, midterm_score: t.records.midterm, final_score: t.records.final };

  const keep = (cadet: Cadet) =>
    queries.setQueryData(cadetsQuery.queryKey, (known) =>
      known?.map((each) => (each.id === cadet.id ? { ...each, ...cadet } : each)),
    );
  function move(row: number, score: string, rows: number) {
    const next = table.current?.querySelector<HTMLInputElement>(`[data-index="${row + rows}"] [data-score="${score}"]`);
    next?.focus();
  }

  return (
    <Page
      title={t.records.title}
      lead={t.records.gridHint}
      actions={
        <button type="button" className="button button-primary" onClick={() => setIsAdding(true)}>
          <Icon name="plus" size={18} /> {t.records.add}
        </button>
      }
    >
      {notReadYet(query) ??
        (cadets.length === 0 ? (
          <Empty icon="records" title={t.records.empty}>
            {t.records.emptyHint}
          </Empty>
        ) : (
          <>
            <div className="toolbar">
              <input
                type="search"
                className="input"
                aria-label={t.records.find}
                placeholder={t.records.find}
                value={search}
                onChange={({ target }) => setSearch(target.value)}
              />
            </div>
            <div className="table-box">
              <table ref={table} className="table records-table" aria-label={t.records.grid}>
                <thead>
                  <tr>
                    <th scope="col">{t.records.name}</th>
                    <th scope="col">{t.records.studentId}</th>
                    {SCORES.map((name) => (
                      <th key={name} scope="col" data-number>
                        {titles[name]}
                      </th>
                    ))}
                    <th scope="col" data-number>
                      {t.records.merits}
                    </th>
                    <th scope="col" data-number>
                      {t.records.demerits}
                    </th>
                    <th scope="col" data-number>
                      {t.records.present}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {found.slice(0, shown).map((cadet, index) => (
                    <tr key={cadet.id} data-index={index} data-cadet-id={cadet.id}>
                      <th scope="row">
                        <Link href={`/cadets/${cadet.id}`}>{cadet.name}</Link>
                      </th>
                      <td data-title={t.records.studentId}>{cadet.student_id}</td>
                      {SCORES.map((name) => (
                        <td key={name} data-number data-title={titles[name]}>
                          <ScoreCell
                            cadetId={cadet.id}
                            name={name}
                            label={`${titles[name]}: ${cadet.name}`}
                            value={cadet[name]}
                            onSaved={keep}
                            onMove={(rows) => move(index, name, rows)}
                          />
                        </td>
                      ))}
                      <td data-number data-title={t.records.merits}>
                        {format.number(cadet.merit_points)}
                      </td>
                      <td data-number data-title={t.records.demerits}>
                        {format.number(cadet.demerit_points)}
                      </td>
                      <td data-number data-title={t.records.present}>
                        {format.number(cadet.attendance_present)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {found.length > shown ? (
                <p className="table-more">
                  {t.common.showing(shown, found.length)}
                  <button type="button" className="button" onClick={() => setShown(shown + STEP)}>
                    {t.common.more}
                  </button>
                </p>
              ) : null}
            </div>
          </>
        ))}
      {isAdding ? (
        <Modal title={t.records.add} onClose={() => setIsAdding(false)}>
          <Form
            action={t.common.add}
            onCancel={() => setIsAdding(false)}
            onSubmit={async (data) => {
              await addCadet({ name: textOf(data, 'name') ?? '', student_id: textOf(data, 'student_id') });
              setIsAdding(false);
              await queries.invalidateQueries({ queryKey: cadetsQuery.queryKey });
            }}
          >
            {(errors) => (
              <>
                <Field label={t.records.name} name="name" required maxLength={200} error={errors.name} />
                <Field
                  label={t.records.studentId}
                  name="student_id"
                  maxLength={64}
                  hint={t.fences.optional}
                  error={errors.student_id}
                />
              </>
            )}
          </Form>
        </Modal>
      ) : null}
    </Page>
  );
}
