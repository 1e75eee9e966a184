/**
 * Draws all markers in one call of WebGL. Each marker's way is in a buffer, and the shader moves it along: a frame costs a few
 * numbers, however many vehicles there are.
 */

import { type CustomLayerInterface, type Map as MapLibreMap, MercatorCoordinate } from 'maplibre-gl';
import type { Pose } from '../../lib/map/glide';
import { MARKER_PX } from './marker';
import { ATLAS_SIDE, type Atlas } from './sprites';

/** A marker on its way. */
export interface Marker {
  id: string;
  from: Pose;
  to: Pose;
  /** By the clock of `performance.now()`. */
  startMs: number;
  durationMs: number;
  /** Cells of the atlas. */
  body: number;
  sign: number;
  isSelected: boolean;
}

export const LAYER_ID = 'vehicles';
const SIGNS_FROM_ZOOM = 9;
/** Side of the world in pixels at zoom 0. */
const WORLD_PX = 512;
/** Floats of a marker: way, time and turn, looks. */
const STRIDE = 11;
/** A ring, a disc and a sign, two triangles each. */
const VERTICES = 18;

export class VehicleLayer implements CustomLayerInterface {
  readonly id = LAYER_ID;
  readonly type = 'custom';
  readonly renderingMode = '2d';
  private map: MapLibreMap | null = null;
  private parts: Parts | null = null;
  private data = new Float32Array(0);
  private ids: string[] = [];
  private rows = new Map<string, number>();
  /** Positions are relative to it, because a float is too coarse for a street of the whole world. */
  private anchor = { x: 0.5, y: 0.5 };
  /** Times are relative to it. */
  private epochMs = 0;
  private isFresh = false;

  constructor(private atlas: Atlas) {}

  onAdd(map: MapLibreMap): void {
    this.map = map;
    this.parts = null;
    map.on('webglcontextlost', this.forget);
  }

  onRemove(map: MapLibreMap, gl: WebGL2RenderingContext): void {
    map.off('webglcontextlost', this.forget);
    if (this.parts) remove(gl, this.parts);
    this.parts = null;
    this.map = null;
  }

  setAtlas(atlas: Atlas): void {
    this.atlas = atlas;
    this.forget();
  }

  /** All markers; the last one lies on top. */
  setMarkers(markers: readonly Marker[], nowMs: number): void {
    if (this.map) this.anchor = MercatorCoordinate.fromLngLat(this.map.getCenter());
    this.epochMs = nowMs;
    const floats = markers.length * STRIDE;
    if (this.data.length !== floats) this.data = new Float32Array(floats);
    this.ids = markers.map(({ id }) => id);
    this.rows = new Map(this.ids.map((id, row) => [id, row]));
    markers.forEach((marker, row) => this.write(row, marker));
    this.isFresh = true;
  }

  /** Another way of a marker that is there already. Returns whether it is. */
  change(marker: Marker): boolean {
    const row = this.rows.get(marker.id);
    if (row === undefined) return false;
    this.write(row, marker);
    this.isFresh = true;
    return true;
  }

  private write(row: number, { from, to, startMs, durationMs, body, sign, isSelected }: Marker): void {
    const { data, anchor } = this;
    const at = row * STRIDE;
    // The nearer way around the world, seen from the anchor.
    const x = near(xOf(to.longitude) - anchor.x);
    data[at] = x + near(xOf(from.longitude) - xOf(to.longitude));
    data[at + 1] = yOf(from.latitude) - anchor.y;
    data[at + 2] = x;
    data[at + 3] = yOf(to.latitude) - anchor.y;
    data[at + 4] = (startMs - this.epochMs) / 1_000;
    data[at + 5] = durationMs / 1_000;
    const heading = radians(to.headingDeg ?? 0);
    data[at + 6] = from.headingDeg === null || to.headingDeg === null ? heading : heading - turnFrom(from, to);
    data[at + 7] = heading;
    data[at + 8] = body;
    data[at + 9] = sign;
    data[at + 10] = isSelected ? 1 : 0;
  }

  /** The markers at a point of the map, the top one first. */
  at({ x, y }: { x: number; y: number }, reachPx: number, nowMs: number): string[] {
    const view = this.view();
    if (!view) return [];
    const reach = (reachPx + (MARKER_PX / 4) * view.size) ** 2;
    const found: string[] = [];
    const seconds = (nowMs - this.epochMs) / 1_000;
    for (let index = this.ids.length - 1; index >= 0; index -= 1) {
      const [px, py] = this.placeOf(index, seconds, view);
      if ((px - x) ** 2 + (py - y) ** 2 <= reach) found.push(this.ids[index] ?? '');
    }
    return found;
  }

  render(gl: WebGL2RenderingContext): void {
    const view = this.view();
    if (!view || this.ids.length === 0) return;
    if (!this.parts) {
      this.parts = build(gl, this.atlas.image);
      this.isFresh = true;
    }
    const { program, uniforms, buffer, array, texture } = this.parts;
    // biome-ignore lint/correctness/useHookAtTopLevel: of WebGL, not of React
    gl.useProgram(program);
    gl.bindVertexArray(array);
    if (this.isFresh) {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, this.data, gl.DYNAMIC_DRAW);
      this.isFresh = false;
    }
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.uniform1i(uniforms.atlas, 0);
    gl.uniform2f(uniforms.centre, view.centreX, view.centreY);
    gl.uniform1f(uniforms.world, view.world);
    gl.uniform2f(uniforms.origin, view.originX, view.originY);
    gl.uniform2f(uniforms.size, view.width, view.height);
    gl.uniform1f(uniforms.now, (performance.now() - this.epochMs) / 1_000);
    gl.uniform1f(uniforms.marker, (MARKER_PX / 2) * view.size);
    gl.uniform1f(uniforms.sign, view.zoom < SIGNS_FROM_ZOOM ? 0 : (MARKER_PX / 2) * view.size);
    gl.enable(gl.BLEND);
    // The texture's colours are multiplied with their alpha.
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.drawArraysInstanced(gl.TRIANGLES, 0, VERTICES, this.ids.length);
    gl.bindVertexArray(null);
    gl.bindTexture(gl.TEXTURE_2D, null);
  }

  private readonly forget = (): void => {
    this.parts = null;
  };

  /** Where the map is, in numbers small enough for the shader. */
  private view() {
    const { map, anchor } = this;
    if (!map) return null;
    const centre = map.getCenter();
    const { x, y } = MercatorCoordinate.fromLngLat(centre);
    const origin = map.project(centre);
    const { clientWidth: width, clientHeight: height } = map.getCanvas();
    const zoom = map.getZoom();
    const world = WORLD_PX * 2 ** zoom;
    const [centreX, centreY] = [near(x - anchor.x), y - anchor.y];
    return { centreX, centreY, originX: origin.x, originY: origin.y, width, height, zoom, world, size: sizeAt(zoom) };
  }

  private placeOf(index: number, seconds: number, view: NonNullable<ReturnType<VehicleLayer['view']>>) {
    const { data } = this;
    const at = index * STRIDE;
    const number = (field: number) => data[at + field] ?? 0;
    const t = number(5) <= 0 ? 1 : Math.min(1, Math.max(0, (seconds - number(4)) / number(5)));
    const x = number(0) + (number(2) - number(0)) * t;
    const y = number(1) + (number(3) - number(1)) * t;
    return [(x - view.centreX) * view.world + view.originX, (y - view.centreY) * view.world + view.originY] as const;
  }
}

/** The size of markers at a zoom, 1 from zoom 14 on. */
export function sizeAt(zoom: number): number {
  const between = (low: number, high: number, from: number, to: number) =>
    from + (to - from) * Math.min(1, Math.max(0, (zoom - low) / (high - low)));
  return zoom < 11 ? between(6, 11, 0.5, 0.8) : between(11, 14, 0.8, 1);
}

export const xOf = (longitude: number) => (180 + longitude) / 360;
export function yOf(latitude: number): number {
  const limited = Math.min(85.06, Math.max(-85.06, latitude));
  return (180 - (180 / Math.PI) * Math.log(Math.tan(Math.PI / 4 + (limited * Math.PI) / 360))) / 360;
}
const near = (x: number) => x - Math.round(x);
const radians = (degrees: number) => (degrees * Math.PI) / 180;
/** The smaller turn, in radians. */
function turnFrom(from: Pose, to: Pose): number {
  const degrees = (to.headingDeg ?? 0) - (from.headingDeg ?? 0);
  return radians(degrees - Math.round(degrees / 360) * 360);
}

const VERTEX = `#version 300 es
in vec4 way;
in vec4 motion;
in vec3 look;
uniform vec2 centre, origin, size;
uniform float world, now, marker, sign;
out vec2 at;
const vec2 CORNERS[6] = vec2[6](vec2(-1, -1), vec2(1, -1), vec2(-1, 1), vec2(-1, 1), vec2(1, -1), vec2(1, 1));
void main() {
  float t = motion.y <= 0.0 ? 1.0 : clamp((now - motion.x) / motion.y, 0.0, 1.0);
  vec2 place = (mix(way.xy, way.zw, t) - centre) * world + origin;
  int part = gl_VertexID / 6;
  vec2 corner = CORNERS[gl_VertexID % 6];
  // Turned by half of the way, as a vehicle turns before it drives on.
  float angle = part == 1 ? mix(motion.z, motion.w, min(1.0, t * 2.0)) : 0.0;
  float half_px = part == 0 ? look.z * 22.0 : part == 1 ? marker : sign;
  float cell = part == 0 ? 0.0 : part == 1 ? look.x : look.y;
  vec2 turned = mat2(cos(angle), sin(angle), -sin(angle), cos(angle)) * corner;
  vec2 px = place + turned * half_px;
  gl_Position = vec4(px.x / size.x * 2.0 - 1.0, 1.0 - px.y / size.y * 2.0, 0.0, 1.0);
  at = (vec2(mod(cell, ${ATLAS_SIDE}.0), floor(cell / ${ATLAS_SIDE}.0)) + corner * 0.5 + 0.5) / ${ATLAS_SIDE}.0;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec2 at;
uniform sampler2D atlas;
out vec4 colour;
void main() {
  colour = texture(atlas, at);
}`;

const UNIFORMS = ['atlas', 'centre', 'origin', 'size', 'world', 'now', 'marker', 'sign'] as const;

interface Parts {
  program: WebGLProgram;
  buffer: WebGLBuffer | null;
  array: WebGLVertexArrayObject | null;
  texture: WebGLTexture | null;
  uniforms: Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;
}

function build(gl: WebGL2RenderingContext, image: HTMLCanvasElement): Parts {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) continue; // the context is lost
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  const buffer = gl.createBuffer();
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  let offset = 0;
  for (const [name, length] of [
    ['way', 4],
    ['motion', 4],
    ['look', 3],
  ] as const) {
    const location = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, length, gl.FLOAT, false, STRIDE * 4, offset * 4);
    gl.vertexAttribDivisor(location, 1);
    offset += length;
  }
  gl.bindVertexArray(null);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  gl.bindTexture(gl.TEXTURE_2D, null);
  const uniforms = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
  return { program, buffer, array, texture, uniforms: uniforms as Parts['uniforms'] };
}

function remove(gl: WebGL2RenderingContext, { program, buffer, array, texture }: Parts): void {
  gl.deleteProgram(program);
  gl.deleteBuffer(buffer);
  gl.deleteVertexArray(array);
  gl.deleteTexture(texture);
}
