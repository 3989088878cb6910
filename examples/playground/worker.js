// SPDX-License-Identifier: MIT
// The worker: holds the session (playground.cpp), trains it a few milliseconds at a time, and between whiles makes what
// the page shows.  Messages carry the number of the session that they are about.
'use strict';

const slice = 16;      // milliseconds of training at a stretch
const rest = 350;      // at least so long from one picture to the next, and half the time that it takes
let call = {};
let about = 0;         // the session's number
let flow = null;       // that of the session, null where there is none
let running = false, waiting = false, rate = 1e-3;
let steps = 0, seconds = 0, pace = 0;
let work = null;       // the picture that is being made, a generator
let due = 0, began = 0, shownSteps = -1;
let lastTold = 0, sum = 0, count = 0, refused = 0;

const wake = new MessageChannel();  // unlike a timer, not slowed down when it calls itself
wake.port1.onmessage = () => { waiting = false; turn(); };
function again() {
  if (!waiting) { waiting = true; wake.port2.postMessage(0); }
}

function say(kind, values = {}, transfer = []) { postMessage({kind, about, ...values}, transfer); }
function text(pointer) { return Module.UTF8ToString(pointer); }
function floats(pointer, n) { return Module.HEAPF32.slice(pointer >> 2, (pointer >> 2) + n); }
/// What the call gave, or an error with its reason.
function must(pointer) {
  if (!pointer) throw new Error(text(call.error()));
  return pointer;
}
/// body(pointer) with a copy of the string or of the numbers.
function lent(value, body) {
  const bytes = typeof value === 'string' ? Module.lengthBytesUTF8(value) + 1 : 4 * value.length;
  const room = Module._malloc(bytes);
  try {
    if (typeof value === 'string') Module.stringToUTF8(value, room, bytes);
    else Module.HEAPF32.set(value, room >> 2);
    return body(room);
  } finally { Module._free(room); }
}

function* picture() {
  const start = performance.now(), at = steps;
  must(call.show());
  const hurried = !flow.nats && (running || !steps);  // many passes of a net for a number: coarser while it learns
  const side = !flow.bound ? 128 : flow.nats ? 64 : hurried ? 32 : 56;
  const density = new Float32Array(side * side);
  for (let first = 0, rows = 2; first < side;) {
    const n = Math.min(rows, side - first), before = performance.now();
    density.set(floats(must(call.density(side, first, n)), side * n), first * side);
    first += n;
    rows = Math.max(1, Math.min(32, Math.round(rows * slice / (performance.now() - before + 0.01))));
    yield;
  }
  const top = lent(density, p => call.top(p, side));
  const n = 1500, drawn = floats(must(call.sample(n)), 1 + 2 * n);
  yield;
  const lines = 21, points = 61, pointer = call.grid(lines, points, 2.5);
  const grid = pointer ? floats(pointer, 4 * lines * points) : null;
  yield;
  const [loss, gap, error] = floats(must(call.gap(hurried ? 250 : call.gapRows())), 3);
  const samples = drawn.subarray(1);
  say('picture', {at, density, side, top, samples, leak: drawn[0], grid, lines, points, loss, gap, error});
  shownSteps = at;
  due = performance.now() + Math.max(rest, (performance.now() - start) / 2);
}

function tell() {
  say('progress', {steps, seconds, pace, refused, loss: count ? sum / count : NaN});
  lastTold = performance.now();
  sum = count = refused = 0;
}

/// One turn: a slice of training, a part of a picture.
function turn() {
  if (!flow) return;
  try {
    const now = performance.now();
    if (running) {
      const [made, failed, loss, total] = floats(must(call.train(slice, rate)), 4);
      const took = (performance.now() - now) / 1000;
      if (made) pace = pace ? pace + 0.05 * (made / took - pace) : made / took;
      steps = total;
      if (made) { sum += made * loss; count += made; }
      refused += failed;
    }
    if (!work && (running ? now > due : shownSteps !== steps)) work = picture();
    if (work && work.next().done) work = null;
    if (running) {
      seconds += (performance.now() - now) / 1000;
      if (now - lastTold > 100) tell();
    }
    if (running || work || shownSteps !== steps) again();
  } catch (e) { stop(e); }
}

function stop(e) {
  running = false;
  flow = work = null;
  say('failed', {message: e.message || String(e)});
}

function make(m) {
  about = m.about;
  running = false;
  flow = work = null;
  steps = seconds = pace = due = 0;
  shownSteps = -1;
  sum = count = refused = 0;
  const made = lent(m.flow.name, f => lent(m.target, t => lent(m.points, p => call.make(f, t, p, m.seed))));
  const known = JSON.parse(text(must(made)));
  flow = m.flow;
  const n = floats(must(call.data(2000)), 1)[0];
  say('made', {...known, data: floats(must(call.data(2000)), 1 + 2 * n).subarray(1)});
  again();
}

onmessage = ({data: m}) => {
  try {
    if (m.kind === 'make') return make(m);
    if (m.about !== about || !flow) return;
    if (m.kind === 'run') {
      running = m.on;
      if (!running) tell();
      again();
    } else if (m.kind === 'rate') {
      rate = m.rate;
    } else if (m.kind === 'download') {
      const pointer = must(call.file()), bytes = Module.HEAPU8.slice(pointer, pointer + call.fileSize());
      say('file', {bytes, at: shownSteps}, [bytes.buffer]);
    } else if (m.kind === 'score') {
      const n = m.points.length / 2;
      say('scores', {values: lent(m.points, p => floats(must(call.score(p, n)), n))});
    }
  } catch (e) { stop(e); }
};

var Module = {
  onRuntimeInitialized() {
    for (const [name, inner] of Object.entries({
      error: '_pg_error', catalogue: '_pg_catalogue', colours: '_pg_colours', make: '_pg_make', train: '_pg_train',
      show: '_pg_show', density: '_pg_density', top: '_pg_top', sample: '_pg_sample', data: '_pg_data',
      grid: '_pg_grid', gap: '_pg_gap', gapRows: '_pg_gap_rows', score: '_pg_score', file: '_pg_file',
      fileSize: '_pg_file_size',
    })) call[name] = Module[inner];
    say('ready', {catalogue: JSON.parse(text(call.catalogue())), colours: floats(call.colours(), 768)});
  },
  onAbort(what) { say('failed', {message: 'the program stopped: ' + what}); },
};
importScripts('rheo.js');
