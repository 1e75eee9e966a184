/** One short tone for new alerts, however many come at once. */

const QUIET_MS = 10_000;
const KEY = 'milepost.alert-sound';

let lastMs = Number.NEGATIVE_INFINITY;

export function isSoundOn(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on';
  } catch {
    return false;
  }
}

export function setSound(isOn: boolean): void {
  try {
    localStorage.setItem(KEY, isOn ? 'on' : 'off');
  } catch {
    // Storage is forbidden: there is no sound.
  }
  if (isOn) play();
}

export function playOnce(nowMs: number): void {
  if (!isSoundOn() || nowMs - lastMs < QUIET_MS) return;
  lastMs = nowMs;
  play();
}

function play(): void {
  try {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = 740;
    volume.gain.setValueAtTime(0.12, context.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.6);
    tone.connect(volume).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.6);
    tone.onended = () => void context.close();
  } catch {
    // No sound on this device.
  }
}
