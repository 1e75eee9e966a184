/** Chooses a report, follows the job that makes it, and shows it. Its job is in the address, so that one may leave and come back. */

import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import { Choice, Field } from '../../components/Field';
import { Icon } from '../../components/Icon';
import { Empty, notReadYet, Page, Problem } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { ApiError } from '../../lib/api/request';
import { useFormat } from '../../lib/settings/format';
import { useSettings } from '../../lib/settings/settings';
import { languageOf, useText } from '../../lib/strings/strings';
import {
  type FileFormat,
  type Group,
  groupsFor,
  isEnded,
  type Job,
  jobQuery,
  type Kind,
  kindsFor,
  type Order,
  orderReport,
  resultAddress,
  resultQuery,
} from './api/reports';
import { daysOf, PERIODS, type Period } from './periods';
import { ReportView } from './ReportView';
import { Schedules } from './Schedules';
import { VehiclePick } from './VehiclePick';
import '../../styles/reports.css';

/** The address of the report that was looked at last in this tab. */
const LAST = 'milepost.last-report';

export function ReportsPage({ me }: { me: Me }) {
  const t = useText();
  const format = useFormat();
  const settings = useSettings();
  const [parameters, setParameters] = useSearchParams();
  const today = format.dayKey(Date.now());
  const choice = choiceOf(me, parameters, today);
  const jobId = parameters.get('job') ?? '';
  const [failure, setFailure] = useState<Error | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const [isMailed, setIsMailed] = useState(false);
  const [download, setDownload] = useState<{ id: string; format: FileFormat } | null>(null);

  // Whoever comes back finds the report that was there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    if (parameters.size > 0) return;
    const last = sessionStorage.getItem(LAST);
    if (last) setParameters(new URLSearchParams(last), { replace: true });
  }, []);
  useEffect(() => {
    if (parameters.size > 0) sessionStorage.setItem(LAST, parameters.toString());
  }, [parameters]);

  const change = (changes: Record<string, string>) =>
    setParameters(
      (now) => {
        for (const [name, value] of Object.entries(changes)) {
          if (value) now.set(name, value);
          else now.delete(name);
        }
        return now;
      },
      { replace: true },
    );

  const order: Order = {
    kind: choice.kind,
    group_by: choice.group,
    from: choice.from,
    to: choice.to,
    timezone: format.timeZone,
    language: languageOf(settings),
    ...(choice.vehicles.length > 0 ? { vehicle_ids: choice.vehicles } : {}),
  };

  async function ask<Answer>(work: () => Promise<Answer>): Promise<Answer | null> {
    setIsAsking(true);
    setFailure(null);
    try {
      return await work();
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
      return null;
    } finally {
      setIsAsking(false);
    }
  }

  async function show(event: FormEvent) {
    event.preventDefault();
    setDownload(null);
    setIsMailed(false);
    const job = await ask(() => orderReport(order, 'json'));
    if (job) change({ kind: order.kind, group: order.group_by, from: order.from, to: order.to, job });
  }

  async function fetchFile(fileFormat: FileFormat) {
    const id = await ask(() => orderReport(order, fileFormat));
    if (id) setDownload({ id, format: fileFormat });
  }

  async function mailFile() {
    setIsMailed(false);
    if (await ask(() => orderReport(order, 'xlsx', true))) setIsMailed(true);
  }

  const groups = groupsFor(me, choice.kind);
  return (
    <Page title={t.reports.title} lead={t.reports.lead} isWide>
      <form className="report-form card" onSubmit={(event) => void show(event)}>
        <Choice
          label={t.reports.kind}
          value={choice.kind}
          onChange={({ target }) => change({ kind: target.value, group: '', job: '' })}
        >
          {kindsFor(me).map((kind) => (
            <option key={kind} value={kind}>
              {t.reports.kinds[kind]}
            </option>
          ))}
        </Choice>
        <Choice
          label={t.reports.group}
          value={choice.group}
          onChange={({ target }) => change({ group: target.value, job: '' })}
        >
          {groups.map((group) => (
            <option key={group} value={group}>
              {t.reports.groups[group]}
            </option>
          ))}
        </Choice>
        <Choice
          label={t.reports.period}
          value={choice.period}
          onChange={({ target }) => {
            const period = target.value as Period;
            const days = period === 'days' ? { from: choice.from, to: choice.to } : { from: '', to: '' };
            change({ period, ...days, job: '' });
          }}
        >
          {PERIODS.map((period) => (
            <option key={period} value={period}>
              {t.reports.periods[period]}
            </option>
          ))}
        </Choice>
        {choice.period === 'days' ? (
          <>
            <Field
              label={t.reports.from}
              type="date"
              required
              max={choice.to}
              value={choice.from}
              onChange={({ target }) => target.value && change({ from: target.value, job: '' })}
            />
            <Field
              label={t.reports.to}
              type="date"
              required
              min={choice.from}
              value={choice.to}
              onChange={({ target }) => target.value && change({ to: target.value, job: '' })}
            />
          </>
        ) : null}
        <VehiclePick
          picked={choice.vehicles}
          onPick={(vehicles) => change({ vehicles: vehicles.join(' '), job: '' })}
        />
        <button type="submit" className="button button-primary" disabled={isAsking}>
          {t.reports.show}
        </button>
        <p className="zone-note">{t.reports.days(format.timeZone)}</p>
      </form>
      {failure ? (
        <p className="form-error" role="alert">
          {failure.message}
          {failure instanceof ApiError
            ? Object.entries(failure.fields).map(([field, message]) => ` ${field}: ${message}.`)
            : null}
        </p>
      ) : null}
      {jobId ? (
        <>
          <fieldset className="report-files">
            <legend className="visually-hidden">{t.reports.files}</legend>
            {(['csv', 'xlsx'] as const).map((each) => (
              <button
                key={each}
                type="button"
                className="button button-small"
                disabled={isAsking}
                onClick={() => void fetchFile(each)}
              >
                <Icon name="download" size={16} />
                {each === 'csv' ? 'CSV' : 'Excel (XLSX)'}
              </button>
            ))}
            <button type="button" className="button button-small" onClick={() => window.print()}>
              <Icon name="print" size={16} />
              {t.reports.print}
            </button>
            <button type="button" className="button button-small" disabled={isAsking} onClick={() => void mailFile()}>
              {t.reports.mail}
            </button>
            {isMailed ? (
              <span role="status" className="zone-note">
                {t.reports.mailed}
              </span>
            ) : null}
            {download ? <Download key={download.id} {...download} /> : null}
          </fieldset>
          <Made key={jobId} id={jobId} />
        </>
      ) : (
        <Empty icon="reports" title={t.reports.none}>
          {t.reports.noneHint}
        </Empty>
      )}
      <Schedules me={me} />
    </Page>
  );
}

/** The report of a job, or how far the job is. */
function Made({ id }: { id: string }) {
  const t = useText();
  const job = useQuery(jobQuery(id));
  // A mail may lead here to a file that pages don't show.
  const fileName = job.data?.file_name ?? null;
  const isFile = fileName !== null && !fileName.endsWith('.json');
  const result = useQuery({ ...resultQuery(id), enabled: job.data?.status === 'done' && !isFile });
  if (result.data) return <ReportView report={result.data} />;
  if (job.error instanceof ApiError && job.error.status === 404)
    return (
      <Empty icon="reports" title={t.reports.gone}>
        {t.reports.noneHint}
      </Empty>
    );
  if (job.error && !job.data) return <Problem error={job.error} onRetry={() => void job.refetch()} />;
  if (job.data?.status === 'failed') return <Problem error={new Error(job.data.error ?? t.reports.failed)} />;
  if (isFile)
    return (
      <p>
        <a className="button" href={resultAddress(id)} download="">
          <Icon name="download" size={16} /> {t.reports.fetchFile(fileName)}
        </a>
      </p>
    );
  if (job.data?.status === 'done') return notReadYet(result);
  return <Progress job={job.data} />;
}

function Progress({ job }: { job: Job | undefined }) {
  const t = useText();
  const percent = job?.progress ?? 0;
  return (
    <div className="report-progress" role="status">
      <p>{job?.status === 'queued' ? t.reports.queued : t.reports.making(percent)}</p>
      <progress max={100} value={percent} aria-label={t.reports.progress} />
      <p className="zone-note">{t.reports.mayLeave}</p>
    </div>
  );
}

/** A file that is made, and then downloaded by itself, once. */
function Download({ id, format }: { id: string; format: FileFormat }) {
  const t = useText();
  const { data: job, error } = useQuery(jobQuery(id));
  const isDone = job?.status === 'done';
  useEffect(() => {
    if (!isDone) return;
    const link = document.createElement('a');
    link.href = resultAddress(id);
    link.download = '';
    link.click();
  }, [isDone, id]);
  if (isDone)
    return (
      <a className="button button-small" href={resultAddress(id)} download="">
        {t.reports.downloadAgain(format.toUpperCase())}
      </a>
    );
  const problem = error?.message ?? (job?.status === 'failed' ? (job.error ?? t.reports.failed) : null);
  if (problem)
    return (
      <span className="form-error" role="alert">
        {problem}
      </span>
    );
  return (
    <span role="status" className="zone-note">
      {isEnded(job) ? '' : t.reports.making(job?.progress ?? 0)}
    </span>
  );
}

interface Chosen {
  kind: Kind;
  group: Group;
  period: Period;
  from: string;
  to: string;
  vehicles: string[];
}

function choiceOf(me: Me, parameters: URLSearchParams, today: string): Chosen {
  const kind = kindsFor(me).find((each) => each === parameters.get('kind')) ?? 'mileage';
  const groups = groupsFor(me, kind);
  // Each one, or else by vehicle, or by what there is.
  const usualGroup = groups.find((each) => each === 'none' || each === 'vehicle') ?? groups[0] ?? 'vehicle';
  const group = groups.find((each) => each === parameters.get('group')) ?? usualGroup;
  const period = PERIODS.find((each) => each === parameters.get('period')) ?? 'week';
  const day = (name: string) => {
    const text = parameters.get(name) ?? '';
    return /^\d{4}-\d\d-\d\d$/.test(text) ? text : null;
  };
  const usual = daysOf(period === 'days' ? 'week' : period, today);
  const days = period === 'days' ? { from: day('from') ?? usual.from, to: day('to') ?? usual.to } : usual;
  return { kind, group, period, ...days, vehicles: (parameters.get('vehicles') ?? '').split(' ').filter(Boolean) };
}
