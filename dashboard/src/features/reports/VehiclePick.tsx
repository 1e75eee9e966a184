/** Chooses vehicles from a list with a search. None chosen means all. */

import { useId, useState } from 'react';
import { Modal } from '../../components/Modal';
import { useRoster } from '../../lib/live/useLive';
import { useText } from '../../lib/strings/strings';

/** More are found by searching. */
const SHOWN = 200;

export function VehiclePick({ picked, onPick }: { picked: string[]; onPick: (ids: string[]) => void }) {
  const t = useText();
  const roster = useRoster();
  const labelId = useId();
  const [isOpen, setIsOpen] = useState(false);
  const [search, setSearch] = useState('');
  const one = picked.length === 1 ? (roster.find(({ id }) => id === picked[0])?.label ?? picked[0]) : null;
  const found = roster.filter(({ label, id }) => `${label} ${id}`.toLowerCase().includes(search.trim().toLowerCase()));
  const toggle = (id: string) => onPick(picked.includes(id) ? picked.filter((each) => each !== id) : [...picked, id]);
  return (
    <div className="report-vehicles">
      <span id={labelId}>{t.reports.vehicles}</span>
      <button
        type="button"
        className="button"
        aria-describedby={labelId}
        aria-haspopup="dialog"
        onClick={() => setIsOpen(true)}
      >
        {one ?? (picked.length === 0 ? t.reports.allVehicles : t.reports.someVehicles(picked.length))}
      </button>
      {isOpen ? (
        <Modal title={t.reports.vehicles} onClose={() => setIsOpen(false)}>
          <input
            className="input"
            type="search"
            aria-label={t.common.search}
            placeholder={t.common.search}
            value={search}
            onChange={({ target }) => setSearch(target.value)}
          />
          <ul className="report-ticks">
            {found.slice(0, SHOWN).map(({ id, label }) => (
              <li key={id}>
                <label className="tick">
                  <input type="checkbox" checked={picked.includes(id)} onChange={() => toggle(id)} />
                  {label}
                </label>
              </li>
            ))}
          </ul>
          {found.length > SHOWN ? <p className="modal-text">{t.common.showing(SHOWN, found.length)}</p> : null}
          <div className="form-actions">
            <button type="button" className="button" onClick={() => onPick([])} disabled={picked.length === 0}>
              {t.reports.allVehicles}
            </button>
            <button type="button" className="button button-primary" onClick={() => setIsOpen(false)}>
              {t.common.close}
            </button>
          </div>
        </Modal>
      ) : null}
    </div>
  );
}
