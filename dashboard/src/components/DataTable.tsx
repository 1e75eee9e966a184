/** A table that is sorted by its headings. On a phone each row is a card. */

import { type ReactNode, useMemo, useState } from 'react';
import { useText } from '../lib/strings/strings';

export interface Column<Row> {
  key: string;
  title: string;
  render: (row: Row) => ReactNode;
  /** What it is sorted by; without it the column can't be sorted. */
  value?: (row: Row) => string | number | null;
  isNumber?: boolean;
}

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string | number;
  /** Column by which it is sorted at first, with `-` in front for the highest first. */
  sortedBy?: string;
  actions?: (row: Row) => ReactNode;
}

/** Further rows are shown on request, so that a long table opens fast. */
const STEP = 100;
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

export function DataTable<Row>({ label, columns, rows, rowKey, sortedBy, actions }: Props<Row>) {
  const t = useText();
  const [sort, setSort] = useState(sortedBy ?? '');
  const [shown, setShown] = useState(STEP);
  const key = sort.replace(/^-/, '');
  const isDown = sort.startsWith('-');
  const sorted = useMemo(() => {
    const value = columns.find((column) => column.key === key)?.value;
    if (!value) return rows;
    return [...rows].sort((a, b) => compare(value(a), value(b)) * (isDown ? -1 : 1));
  }, [rows, columns, key, isDown]);

  return (
    <div className="table-box">
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                data-number={column.isNumber}
                aria-sort={column.key === key ? (isDown ? 'descending' : 'ascending') : undefined}
              >
                {column.value ? (
                  <button
                    type="button"
                    className="table-sort"
                    title={t.common.sortBy(column.title)}
                    onClick={() => setSort(column.key === key && !isDown ? `-${column.key}` : column.key)}
                  >
                    {column.title}
                    <span className="table-arrow" aria-hidden="true">
                      {column.key === key ? (isDown ? '↓' : '↑') : ''}
                    </span>
                  </button>
                ) : (
                  column.title
                )}
              </th>
            ))}
            {actions ? (
              <th>
                <span className="visually-hidden">{t.common.edit}</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, shown).map((row) => (
            <tr key={rowKey(row)} data-row={rowKey(row)}>
              {columns.map((column, index) =>
                index === 0 ? (
                  <th key={column.key} scope="row" data-title={column.title}>
                    {column.render(row)}
                  </th>
                ) : (
                  <td key={column.key} data-title={column.title} data-number={column.isNumber}>
                    {column.render(row)}
                  </td>
                ),
              )}
              {actions ? <td className="table-actions">{actions(row)}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > shown ? (
        <p className="table-more">
          {t.common.showing(shown, sorted.length)}
          <button type="button" className="button" onClick={() => setShown(shown + STEP)}>
            {t.common.more}
          </button>
        </p>
      ) : null}
    </div>
  );
}

/** What is unknown comes last, whatever the direction says for the others. */
function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
}
