/** A report that was made: its sums, a chart of its days, its rows. */

import { lazy, Suspense, useMemo } from 'react';
import { type Column, DataTable } from '../../components/DataTable';
import { Empty } from '../../components/Page';
import { useText } from '../../lib/strings/strings';
import type { Report, Value } from './api/reports';
import { useWriter, type Writer } from './values';

const DayChart = lazy(() => import('./DayChart'));
/** The sums, the most important first. */
const TOTALS = [
  'utilisation_percent',
  'trips',
  'stops',
  'visits',
  'speedings',
  'distance_km',
  'duration_s',
  'longest_s',
  'moving_s',
  'idle_s',
  'max_speed_kmh',
  'over_kmh',
  'fuel_l',
  'fuel_l_per_100km',
  'fuel_cost',
  'fuel_source',
  'refuellings',
  'refuelled_l',
  'fuel_thefts',
  'stolen_l',
];
/** They are in the files. */
const LEFT_OUT = /latitude|longitude|^vehicle_id$/;

interface Row {
  index: number;
  cells: Value[];
}

export function ReportView({ report }: { report: Report }) {
  const t = useText();
  const writer = useWriter(report.timezone);
  const rows = useMemo(() => report.rows.map((cells, index): Row => ({ index, cells })), [report]);
  const columns = useMemo(() => columnsOf(report, writer), [report, writer]);
  const { chart } = report;
  const first = chart.points[0]?.day ?? '';
  const last = chart.points.at(-1)?.day ?? first;
  const totals = TOTALS.filter((key) => key in report.totals);
  return (
    <section className="report" aria-labelledby="report-title">
      <header className="report-head">
        <h2 id="report-title">
          {t.reports.kinds[report.kind]}
          {report.group_by === 'none' ? '' : ` · ${t.reports.groups[report.group_by]}`}
        </h2>
        <p className="zone-note">
          {first === last ? writer.day(first) : `${writer.day(first)} – ${writer.day(last)}`} ·{' '}
          {t.common.timesIn(report.timezone)}
        </p>
      </header>
      {report.row_count === 0 ? (
        <Empty icon="reports" title={t.reports.empty}>
          {t.reports.emptyHint}
        </Empty>
      ) : (
        <>
          <dl className="report-totals" aria-label={t.reports.totals}>
            {totals.map((key) => (
              <div key={key}>
                <dt>{writer.column(key)}</dt>
                <dd>{writer.value(key, formOf(key), report.totals[key] ?? null)}</dd>
              </div>
            ))}
          </dl>
          {chart.points.length > 1 ? <Days report={report} writer={writer} /> : null}
          <DataTable label={t.reports.kinds[report.kind]} columns={columns} rows={rows} rowKey={({ index }) => index} />
          {report.is_cut ? <p className="zone-note">{t.reports.cut(report.rows.length, report.row_count)}</p> : null}
        </>
      )}
    </section>
  );
}

/** The chart, and the same as a list for keyboards and screen readers. */
function Days({ report, writer }: { report: Report; writer: Writer }) {
  const t = useText();
  const { key, form, points } = report.chart;
  const unit = writer.unit(key, form);
  return (
    <figure className="report-chart card">
      <figcaption>
        {t.reports.eachDay(writer.column(key))}
        {unit ? ` (${unit})` : ''}
      </figcaption>
      <Suspense fallback={<div className="chart day-chart" aria-busy="true" />}>
        <DayChart report={report} writer={writer} />
      </Suspense>
      <details>
        <summary>{t.reports.asList}</summary>
        <ul>
          {points.map(({ day, value }) => (
            <li key={day}>
              <span>{writer.day(day)}</span> <b>{writer.value(key, form, value)}</b>
            </li>
          ))}
        </ul>
      </details>
    </figure>
  );
}

function columnsOf(report: Report, writer: Writer): Column<Row>[] {
  return report.columns.flatMap(({ key, form }, index): Column<Row>[] =>
    LEFT_OUT.test(key)
      ? []
      : [
          {
            key,
            title: writer.column(key),
            isNumber: form === 'number' || form === 'seconds',
            value: ({ cells }) => cells[index] ?? null,
            render: ({ cells }) => writer.value(key, form, cells[index] ?? null),
          },
        ],
  );
}

function formOf(key: string): 'text' | 'number' | 'seconds' {
  if (key === 'fuel_source') return 'text';
  return key.endsWith('_s') ? 'seconds' : 'number';
}
