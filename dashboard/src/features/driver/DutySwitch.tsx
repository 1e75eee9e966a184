/** The driver goes off duty, or comes back. Shown where the organisation keeps nothing of off-duty time. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Me } from '../../lib/api/get-me';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { serverNowMs } from '../../lib/time/server-clock';
import { changeDuty, dutyQuery } from './api/duty';

interface Props {
  me: Me;
  /** Null where it goes on being known. */
  since: string | null;
  leavesOut: string;
  onProblem: (text: string) => void;
}

export function DutySwitch({ me, since, leavesOut, onProblem }: Props) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const change = useMutation({
    ...changeDuty(),
    onSuccess: (duty) => queries.setQueryData(dutyQuery(me.id).queryKey, duty),
    onError: (error) => onProblem(error.message),
  });
  const isOn = since === null;
  return (
    <div className="driver-duty" data-on={isOn}>
      <button
        type="button"
        role="switch"
        aria-checked={isOn}
        className="switch"
        disabled={change.isPending}
        onClick={() => change.mutate(isOn)}
      >
        <span className="switch-track" aria-hidden="true">
          <span className="switch-knob" />
        </span>
        {t.driver.duty}
        <span className="switch-state" aria-hidden="true">
          {isOn ? t.driver.on : t.driver.off}
        </span>
      </button>
      <p className="driver-now">
        {since === null
          ? t.driver.dutyNote
          : `${t.driver.offSince(format.moment(Date.parse(since), serverNowMs()))} ${
              leavesOut === 'vehicles' ? t.driver.trackerToo : t.driver.trackerGoesOn
            }`}
      </p>
    </div>
  );
}
