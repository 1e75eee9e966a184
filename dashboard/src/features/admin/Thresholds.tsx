/** The thresholds of the tenant: what counts as a trip, a stop, speeding, silence. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Conflict, differencesOf } from '../../components/Conflict';
import { Field } from '../../components/Field';
import { Form, numberOf } from '../../components/Form';
import { notReadYet } from '../../components/Page';
import { rulesQuery } from '../../lib/api/get-rules';
import { ApiError } from '../../lib/api/request';
import { useText } from '../../lib/strings/strings';
import { changeRules, getRules } from './api/things';

const GROUPS = {
  driving: [
    'speed_limit_kmh',
    'speeding_for_s',
    'speeding_hysteresis_kmh',
    'braking_mps2',
    'acceleration_mps2',
    'cornering_mps2',
    'manoeuvre_s',
    'manoeuvre_kmh',
  ],
  silence: ['offline_after_s', 'gap_after_s', 'gap_max_s', 'gap_speed_kmh'],
  trips: [
    'moving_kmh',
    'depart_m',
    'stop_after_s',
    'still_after_s',
    'still_radius_min_m',
    'still_radius_max_m',
    'step_m',
    'progress_s',
    'progress_m',
  ],
  fuel: ['theft_l', 'theft_percent', 'refuel_l', 'fuel_noise_l', 'idle_l_per_h'],
  receiver: [
    'noise_m',
    'edge_margin_m',
    'max_accuracy_m',
    'max_speed_kmh',
    'max_acceleration_mps2',
    'jump_slack_m',
    'relocate_fixes',
    'relocate_after_s',
    'segment_max_s',
    'segment_max_m',
  ],
} as const;

type Changes = Record<string, number | null>;

export function Thresholds() {
  const t = useText();
  const queries = useQueryClient();
  // Not read again while somebody types.
  const query = useQuery({ queryKey: ['rules', 'versioned'], queryFn: getRules, refetchOnWindowFocus: false });
  const [conflict, setConflict] = useState<{ theirs: Record<string, unknown>; yours: Changes } | null>(null);
  const waiting = notReadYet(query);
  if (waiting || !query.data) return waiting;
  const { value: rules, etag } = query.data;
  const thresholds = rules.thresholds as unknown as Record<string, number>;
  const own = rules.own as Record<string, unknown>;
  const refresh = async () => {
    setConflict(null);
    await queries.invalidateQueries({ queryKey: rulesQuery.queryKey });
  };

  async function save(data: FormData) {
    const changes: Changes = {};
    for (const name of Object.values(GROUPS).flat()) {
      const entered = numberOf(data, name);
      if (data.get(`reset.${name}`) !== null) changes[name] = null;
      else if (entered !== null && entered !== thresholds[name]) changes[name] = entered;
    }
    if (Object.keys(changes).length === 0) return;
    try {
      await changeRules(changes, etag);
      await refresh();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      const now = await getRules();
      setConflict({ theirs: now.value.thresholds as unknown as Record<string, unknown>, yours: changes });
    }
  }

  const names = Object.fromEntries(Object.entries(t.thresholds.names).map(([name, [text]]) => [name, text]));
  return (
    <>
      <p className="sheet-lead">{t.thresholds.lead}</p>
      {conflict ? (
        <Conflict
          differences={differencesOf(conflict.theirs, conflict.yours, names)}
          onKeepTheirs={() => void refresh()}
          onKeepYours={() => void changeRules(conflict.yours, null).then(refresh)}
        />
      ) : null}
      {/* Another version shows its values in new fields. */}
      <Form key={rules.version} onSubmit={save}>
        {(errors) =>
          (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => (
            <fieldset key={group}>
              <legend>{t.thresholds.groups[group]}</legend>
              <div className="thresholds">
                {GROUPS[group].map((name) => {
                  const [text, unit, hint] = t.thresholds.names[name] ?? [name, '', ''];
                  return (
                    <div key={name} className="threshold" data-own={name in own}>
                      <Field
                        label={unit ? `${text} (${unit})` : text}
                        hint={hint || undefined}
                        name={name}
                        inputMode="decimal"
                        defaultValue={thresholds[name]}
                        error={errors[name]}
                      />
                      {name in own ? (
                        <label className="tick">
                          <input type="checkbox" name={`reset.${name}`} />
                          {t.thresholds.reset}
                        </label>
                      ) : null}
                    </div>
                  );
                })}
              </div>
            </fieldset>
          ))
        }
      </Form>
    </>
  );
}
