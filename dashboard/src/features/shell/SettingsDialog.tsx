/** The viewer's language, time zone and units, and signing out. */

import { Link } from 'wouter';
import { Choice } from '../../components/Field';
import { Modal } from '../../components/Modal';
import type { Me } from '../../lib/api/get-me';
import { changeSettings, type Language, useSettings } from '../../lib/settings/settings';
import { LANGUAGES, languageOf, useText } from '../../lib/strings/strings';

interface Props {
  me: Me;
  onSignOut: () => void;
  onClose: () => void;
}

/** Browsers since 2022 list their zones; without the list the device's own is the choice. */
const ZONES: string[] =
  typeof Intl.supportedValuesOf === 'function' ? ['UTC', ...Intl.supportedValuesOf('timeZone')] : ['UTC'];

export function SettingsDialog({ me, onSignOut, onClose }: Props) {
  const t = useText();
  const settings = useSettings();
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Modal title={t.settings.title} onClose={onClose}>
      <div className="form">
        <Choice
          label={t.settings.language}
          value={languageOf(settings)}
          onChange={({ target }) => changeSettings({ language: target.value as Language })}
        >
          {Object.entries(LANGUAGES).map(([language, name]) => (
            <option key={language} value={language} lang={language}>
              {name}
            </option>
          ))}
        </Choice>
        <Choice
          label={t.settings.timeZone}
          hint={t.settings.timeZoneHint}
          value={settings.timeZone ?? ''}
          onChange={({ target }) => changeSettings({ timeZone: target.value || null })}
        >
          <option value="">{t.settings.browserZone(ownZone)}</option>
          {ZONES.map((zone) => (
            <option key={zone}>{zone}</option>
          ))}
        </Choice>
        <Choice
          label={t.settings.units}
          value={settings.units ?? ''}
          onChange={({ target }) =>
            changeSettings({ units: target.value === 'km' || target.value === 'mi' ? target.value : null })
          }
        >
          <option value="">{t.settings.unitsAuto}</option>
          <option value="km">{t.settings.km}</option>
          <option value="mi">{t.settings.mi}</option>
        </Choice>
        <div className="account">
          <p>
            <strong>{me.username}</strong>
            <small>
              {me.role.replaceAll('_', ' ')} · {me.tenant}
            </small>
          </p>
          <Link href="/account" onClick={onClose}>
            {t.account.open}
          </Link>
          <a href="/docs">{t.nav.api}</a>
          <button type="button" className="button" onClick={onSignOut}>
            {t.nav.signOut}
          </button>
        </div>
      </div>
    </Modal>
  );
}
