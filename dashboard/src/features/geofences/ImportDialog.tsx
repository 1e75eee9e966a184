/** Adds the shapes of a GeoJSON file, after a look at what was found. */

import { useState } from 'react';
import { Field } from '../../components/Field';
import { Form, numberOf } from '../../components/Form';
import { Modal } from '../../components/Modal';
import { type Geometry, shapesOf } from '../../lib/map/area';
import { useText } from '../../lib/strings/strings';
import { addFence } from './api/fences';

interface Props {
  onDone: () => void;
  onClose: () => void;
}

const SHOWN = 20;

export function ImportDialog({ onDone, onClose }: Props) {
  const t = useText();
  const [shapes, setShapes] = useState<{ name: string; geometry: Geometry }[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [result, setResult] = useState<{ added: number; failed: string[] } | null>(null);

  async function read(file: File | undefined) {
    setProblem(null);
    setShapes(null);
    if (!file) return;
    try {
      setShapes(shapesOf(await file.text()));
    } catch {
      setProblem(t.fences.notGeoJson);
    }
  }

  return (
    <Modal title={t.fences.importTitle} onClose={onClose}>
      {result ? (
        <>
          <p role="status">{t.fences.importDone(result.added)}</p>
          {result.failed.map((each) => (
            <p key={each} className="form-error">
              {each}
            </p>
          ))}
          <div className="form-actions">
            <button type="button" className="button button-primary" onClick={onClose}>
              {t.common.close}
            </button>
          </div>
        </>
      ) : (
        <Form
          action={t.common.add}
          onCancel={onClose}
          onSubmit={async (data) => {
            if (!shapes) throw new Error(problem ?? t.common.required);
            const failed: string[] = [];
            for (const [index, { name, geometry }] of shapes.entries()) {
              const title = name || `${t.fences.title} ${index + 1}`;
              try {
                await addFence({
                  name: title,
                  geometry,
                  ...(geometry.type === 'Point' ? { radius_m: numberOf(data, 'radius_m') } : {}),
                  ...(geometry.type === 'LineString' ? { width_m: numberOf(data, 'width_m') } : {}),
                });
              } catch (error) {
                failed.push(t.fences.importFailed(title, error instanceof Error ? error.message : String(error)));
              }
            }
            setResult({ added: shapes.length - failed.length, failed });
            onDone();
          }}
        >
          {() => (
            <>
              <Field
                label={t.fences.importTitle}
                hint={t.fences.importHint}
                error={problem}
                type="file"
                accept=".geojson,.json,application/geo+json"
                required
                onChange={({ target }) => void read(target.files?.[0])}
              />
              {shapes ? (
                <div>
                  <p className="muted">{t.fences.importFound(shapes.length)}</p>
                  <ul className="import-list">
                    {shapes.slice(0, SHOWN).map(({ name, geometry }, index) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: the list of a file does not change
                      <li key={index}>
                        {name || `${t.fences.title} ${index + 1}`} <small className="muted">{geometry.type}</small>
                      </li>
                    ))}
                  </ul>
                </div>
              ) : null}
              <div className="form-row">
                <Field label={t.fences.radius} name="radius_m" inputMode="decimal" defaultValue={150} />
                <Field label={t.fences.width} name="width_m" inputMode="decimal" defaultValue={50} />
              </div>
            </>
          )}
        </Form>
      )}
    </Modal>
  );
}
