/** The recovery codes, which are shown once, with the first second factor. */

import { Modal } from '../../components/Modal';
import { Secret } from '../../components/Secret';
import { useText } from '../../lib/strings/strings';

export function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const t = useText();
  return (
    <Modal title={t.account.codesTitle} mustAnswer onClose={onKept}>
      <p className="modal-text">{t.account.codesText}</p>
      <ul className="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <Secret label={t.account.codesCopy} value={codes.join(' ')} />
      <div className="form-actions">
        <button type="button" className="button button-primary" onClick={onKept}>
          {t.account.codesKept}
        </button>
      </div>
    </Modal>
  );
}
