import { describe, expect, it } from 'vitest';
import { Glider, MAX_GLIDE_MS } from './glide';

const fix = (longitude: number, atMs: number, headingDeg: number | null = 90) => ({
  latitude: 0,
  longitude,
  speedKmh: 30,
  headingDeg,
  atMs,
});

describe('glide', () => {
  it('is_half_way_after_half_the_time_between_fixes', () => {
    const glider = new Glider();
    glider.moveTo('b', fix(0, 0), 0, true);
    glider.moveTo('b', fix(0.01, 1_000), 1_000, true);
    expect(glider.pose('b', 1_500)?.longitude).toBeCloseTo(0.005);
    expect(glider.pose('b', 2_000)?.longitude).toBe(0.01);
    expect([glider.isMoving(1_999, 1), glider.isMoving(2_000, 1)]).toEqual([true, false]);
  });

  it('asks_for_no_frames_for_a_move_too_short_to_be_seen', () => {
    const glider = new Glider();
    glider.moveTo('b', fix(0, 0), 0, true);
    glider.moveTo('b', fix(0.0001, 1_000), 1_000, true);
    expect([glider.isMoving(1_500, 5), glider.isMoving(1_500, 50)]).toEqual([true, false]);
  });

  it('never_lags_behind_more_than_its_limit', () => {
    const glider = new Glider();
    glider.moveTo('b', fix(0, 0), 0, true);
    glider.moveTo('b', fix(0.01, 120_000), 120_000, true);
    expect(glider.pose('b', 120_000 + MAX_GLIDE_MS)?.longitude).toBe(0.01);
  });

  it('jumps_over_kilometres_and_for_users_who_prefer_no_motion', () => {
    const glider = new Glider();
    glider.moveTo('b', fix(0, 0), 0, true);
    glider.moveTo('b', fix(1, 1_000), 1_000, true);
    expect(glider.pose('b', 1_000)?.longitude).toBe(1);
    glider.moveTo('b', fix(1.001, 2_000), 2_000, false);
    expect(glider.pose('b', 2_000)?.longitude).toBe(1.001);
  });

  it('turns_by_the_smaller_angle_and_crosses_the_antimeridian', () => {
    const glider = new Glider();
    glider.moveTo('b', fix(179.999, 0, 350), 0, true);
    glider.moveTo('b', fix(-179.999, 1_000, 10), 1_000, true);
    const pose = glider.pose('b', 1_250);
    expect(pose?.headingDeg).toBeCloseTo(360);
    expect(pose?.longitude).toBeCloseTo(179.9995);
  });
});
