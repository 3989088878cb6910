// SPDX-License-Identifier: MIT
// The page: hands the controls to the worker, and draws what comes back.
'use strict';

const $ = id => document.getElementById(id);
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const dark = matchMedia('(prefers-color-scheme: dark)');
const worker = new Worker('worker.js');

let catalogue, colours;
let about = 0, seed = 1;          // the session's number, and its seed
let flow, made = null, shown = null, running = false;
let now = {steps: 0, seconds: 0, pace: 0};
let trained = [], judged = [];    // [step, loss] of training batches and of fresh points
let ended = '';                   // what went wrong, where something did
let drawnAt = 0, toldAt = 0;

// ---- words

const minus = text => text.replace('-', '−');
const fixed = (x, digits) => Number.isFinite(x) ? minus(x.toFixed(digits)) : '–';
const thousands = x => String(Math.round(x)).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
const target = () => catalogue.targets.find(t => t.name === $('target').value);
const targetTitle = () => target() ? target().title.toLowerCase() : 'your points';
const gapText = () => shown && Number.isFinite(shown.gap)
  ? `gap ${flow.bound ? 'at most ' : ''}${fixed(shown.gap, 2)} nats`
  : shown ? `loss ${flow.bound ? 'at most ' : ''}${fixed(shown.loss, 2)} nats` : '';

function status() {
  const line = $('status');
  line.classList.toggle('wrong', ended !== '');
  if (ended) {
    line.textContent = ended;
    return;
  }
  const parts = [`${running ? 'Learning' : now.steps ? 'Paused' : 'Ready'}: step ${thousands(now.steps)}`,
    `${now.seconds.toFixed(1)} s`, gapText()];
  line.textContent = parts.filter(Boolean).join(', ');
}
/// For those who do not see the pictures: a sentence now and then, and when something changes.
function summary(force) {
  if (!force && performance.now() - toldAt < 10000) return;
  toldAt = performance.now();
  $('summary').textContent = ended || [running ? 'Learning' : 'Not learning', `step ${now.steps}`, gapText(),
    shown && leakText() !== '–' ? `leak ${leakText()}` : ''].filter(Boolean).join(', ');
}
const leakText = () => shown && Number.isFinite(shown.leak) ? `${fixed(100 * shown.leak, 1)} %` : '–';

function figures() {
  const known = made && made.entropy !== null;
  $('gap').textContent = shown && Number.isFinite(shown.gap)
    ? `${flow.bound ? '≤ ' : ''}${fixed(shown.gap, 3)}` : '–';
  $('gap-note').textContent = !known ? 'no true density known'
    : shown ? `± ${fixed(shown.error, 3)} nats${flow.bound ? ', a bound' : ''}` : 'nats';
  $('loss').textContent = shown ? `${flow.bound ? '≤ ' : ''}${fixed(shown.loss, 3)}` : '–';
  $('entropy').textContent = known ? fixed(made.entropy, 3) : '–';
  $('entropy-note').textContent = known ? 'nats' : 'unknown';
  $('leak').textContent = leakText();
  $('leak-note').textContent = !known ? 'no support known'
    : made.compact ? 'off the support' : 'in its thinnest 1 %';
  $('pace').textContent = now.pace ? thousands(now.pace) : '–';
  $('parameters').textContent = made ? thousands(made.parameters) : '–';
  $('run').textContent = running ? 'Pause' : now.steps ? 'Go on' : 'Start';
}

// ---- pictures

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/// The canvas's context in CSS pixels, cleared.
function paper(canvas) {
  const scale = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  const w = Math.round(width * scale), h = Math.round(height * scale);
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const g = canvas.getContext('2d');
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.clearRect(0, 0, width, height);
  return {g, width, height};
}
function places({width, height}) {
  const [x0, x1, y0, y1] = made.box;
  return [x => (x - x0) / (x1 - x0) * width, y => height - (y - y0) / (y1 - y0) * height];
}

function drawDensity() {
  const p = paper($('density'));
  if (!shown) return;
  const side = shown.side, image = new ImageData(side, side);
  for (let j = 0; j < side; ++j) {
    for (let i = 0; i < side; ++i) {
      const t = shown.density[i + side * j] / shown.top, k = 3 * (t > 0 ? Math.min(255, Math.floor(256 * t)) : 0);
      const at = 4 * (i + side * (side - 1 - j));
      image.data[at] = colours[k];
      image.data[at + 1] = colours[k + 1];
      image.data[at + 2] = colours[k + 2];
      image.data[at + 3] = 255;
    }
  }
  const small = new OffscreenCanvas(side, side);
  small.getContext('2d').putImageData(image, 0, 0);
  p.g.imageSmoothingQuality = 'high';
  p.g.drawImage(small, 0, 0, p.width, p.height);
}

function dots(p, points, n, size) {
  const [px, py] = places(p);
  for (let i = 0; i < n; ++i) p.g.fillRect(px(points[2 * i]) - size / 2, py(points[2 * i + 1]) - size / 2, size, size);
}
function drawSamples() {
  const p = paper($('samples'));
  if (!made) return;
  p.g.fillStyle = colour('--faint');
  p.g.globalAlpha = 0.6;
  dots(p, made.data, made.data.length / 2, 2);
  if (!shown) return;
  p.g.fillStyle = colour('--accent');
  p.g.globalAlpha = 0.85;
  dots(p, shown.samples, shown.samples.length / 2, 2);
  p.g.globalAlpha = 1;
}

function drawGrid() {
  const p = paper($('grid'));
  if (!shown || !shown.grid) {
    if (!flow || !flow.noMap) return;
    p.g.fillStyle = colour('--soft');
    p.g.font = `14px ${getComputedStyle(document.body).fontFamily}`;
    p.g.textAlign = 'center';
    wrapped(`No one image of a grid: ${flow.noMap}.`, p.width - 48, p.g)
      .forEach((line, k, all) => p.g.fillText(line, p.width / 2, p.height / 2 + 20 * (k - (all.length - 1) / 2)));
    return;
  }
  const [px, py] = places(p);
  p.g.strokeStyle = colour('--accent');
  p.g.lineWidth = 1;
  p.g.globalAlpha = 0.8;
  const mirrors = made.folded ? [[1, 1], [-1, 1], [1, -1], [-1, -1]] : [[1, 1]];
  for (const [sx, sy] of mirrors) {
    for (let l = 0; l < 2 * shown.lines; ++l) {
      p.g.beginPath();
      for (let k = 0; k < shown.points; ++k) {
        const at = 2 * (l * shown.points + k);
        p.g.lineTo(px(sx * shown.grid[at]), py(sy * shown.grid[at + 1]));
      }
      p.g.stroke();
    }
  }
  p.g.globalAlpha = 1;
}
function wrapped(text, width, g) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = (lines.at(-1) + ' ' + word).trim();
    if (g.measureText(longer).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/// About so many round numbers in [low, high].
function ticks(low, high, about) {
  const raw = (high - low) / about, power = 10 ** Math.floor(Math.log10(raw)), lead = raw / power;
  const step = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
  const out = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k) out.push(k * step);
  return {places: out, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9))};
}
function drawCurve() {
  const p = paper($('curve')), {g, width, height} = p;
  if (!made) return;
  const lines = [...judged, ...(flow.nats ? trained : [])];
  if (lines.length < 2) return;
  const left = 44, bottom = 24, right = 12, top = 10;
  const last = Math.max(10, now.steps);
  const losses = lines.map(([, l]) => l).filter(Number.isFinite).sort((a, b) => a - b);
  const floor = made.entropy ?? losses[0];
  let low = Math.min(floor, losses[0]);
  let high = Math.max(judged[0]?.[1] ?? -Infinity, losses[Math.floor(0.98 * losses.length)]);
  if (!(high - low > 1e-3)) high = low + 1e-3;
  low -= 0.06 * (high - low);
  high += 0.04 * (high - low);
  const px = s => left + s / last * (width - left - right);
  const py = l => top + (high - Math.max(low, Math.min(high, l))) / (high - low) * (height - top - bottom);
  g.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  g.fillStyle = colour('--soft');
  g.strokeStyle = colour('--line');
  g.lineWidth = 1;
  g.textAlign = 'right';
  g.textBaseline = 'middle';
  const up = ticks(low, high, 4);
  for (const t of up.places) {
    g.beginPath();
    g.moveTo(left, py(t));
    g.lineTo(width - right, py(t));
    g.stroke();
    g.fillText(fixed(t, up.digits), left - 8, py(t));
  }
  g.textBaseline = 'alphabetic';
  for (const t of ticks(0, last, width < 500 ? 3 : 6).places) {
    if (t === 0) continue;
    g.textAlign = px(t) > width - 40 ? 'right' : 'center';
    g.fillText(thousands(t), px(t), height - 7);
  }
  const line = points => {
    g.beginPath();
    for (const [s, l] of points) g.lineTo(px(s), py(l));
    g.stroke();
  };
  g.lineJoin = 'round';
  if (flow.nats) {
    g.strokeStyle = colour('--faint');
    line(trained);
  }
  if (made.entropy !== null) {
    g.strokeStyle = colour('--ink');
    g.setLineDash([5, 4]);
    line([[0, made.entropy], [last, made.entropy]]);
    g.setLineDash([]);
  }
  g.strokeStyle = colour('--accent');
  g.lineWidth = 2;
  line(judged);
}

function describe() {
  const by = flow ? `${flow.title} on ${targetTitle()}, step ${shown ? shown.at : 0}` : '';
  $('density').setAttribute('aria-label', `Heat map of the density learned: ${by}, ${gapText()}`);
  $('samples').setAttribute('aria-label', `Samples of the model over points of the data: ${by}, leak ${leakText()}`);
  $('grid').setAttribute('aria-label', flow && flow.noMap ? `No warped grid: ${flow.noMap}`
    : `Image of a grid of the latent plane: ${by}`);
  const first = judged[0], last = judged.at(-1);
  $('curve').setAttribute('aria-label', first
    ? `Loss over steps, from ${fixed(first[1], 2)} to ${fixed(last[1], 2)} nats` : 'Loss curve, not yet drawn');
}
function captions() {
  const round = x => minus(String(Number(x.toPrecision(2))));
  const [x0, x1, y0, y1] = made.box;
  $('extent').textContent = x0 === y0 && x1 === y1 ? `x and y from ${round(x0)} to ${round(x1)}`
    : `x ${round(x0)} to ${round(x1)}, y ${round(y0)} to ${round(y1)}`;
  $('grid-note').textContent = flow.noMap ? '' : made.folded ? 'warped and unfolded' : 'warped by the flow';
  $('curve-note').textContent = ['in nats over steps; fresh points coloured', flow.nats && 'training batches grey',
    made.entropy !== null && 'exact entropy dashed'].filter(Boolean).join(', ');
}
function draw() {
  drawDensity();
  drawSamples();
  drawGrid();
  drawCurve();
  describe();
}
/// No more than so many points of a curve: neighbours are merged.
function thin(points, most) {
  if (points.length <= most) return points;
  const out = [];
  for (let k = 0; k + 1 < points.length; k += 2) {
    out.push([points[k + 1][0], (points[k][1] + points[k + 1][1]) / 2]);
  }
  return out;
}

// ---- controls

function send(kind, values = {}) { worker.postMessage({kind, about, ...values}); }
const rate = () => 10 ** Number($('rate').value);
function tellRate() {
  const text = rate() >= 0.01 ? rate().toFixed(3) : rate() >= 0.001 ? rate().toFixed(4) : rate().toExponential(1);
  $('rate-value').textContent = minus(text);
  $('rate').setAttribute('aria-valuetext', text);
  send('rate', {rate: rate()});
}
function buttons(on) {
  for (const id of ['run', 'restart', 'download']) $(id).disabled = !on;
}
function run(on) {
  running = on;
  if (on) ended = '';
  send('run', {on});
  figures();
  status();
  summary(true);
}
function blank() {
  made = shown = null;
  running = false;
  now = {steps: 0, seconds: 0, pace: 0};
  trained = [];
  judged = [];
  ended = '';
  for (const id of ['extent', 'grid-note', 'curve-note']) $(id).textContent = '';
  figures();
}
function picked() {
  const name = document.querySelector('input[name=flow]:checked').value;
  return catalogue.flows.find(f => f.name === name);
}
/// A new session of what the controls say, and off it goes.
function make() {
  ++about;
  blank();
  flow = picked();
  $('status').textContent = 'Preparing';
  $('points-error').textContent = '';
  $('points').removeAttribute('aria-invalid');
  const name = $('target').value;
  history.replaceState(null, '', `#flow=${flow.name}&target=${name}`);
  send('make', {flow, target: name, points: name ? '' : $('points').value, seed});
  tellRate();
}
/// Which flows go with the density, and whether there is something to learn yet.
function chosen() {
  const own = $('target').value === '';
  $('own').hidden = !own;
  for (const f of catalogue.flows) {
    const input = $('flow-' + f.name);
    input.disabled = own && f.energy;
    if (input.disabled && input.checked) $('flow-' + catalogue.flows[0].name).checked = true;
  }
  const barred = catalogue.flows.filter(f => own && f.energy).map(f => f.title);
  $('flow-words').textContent = picked().words +
    (barred.length ? ` (${barred.join(', ')} is not for points: it wants an energy.)` : '');
  if (!own) return make();
  if ($('points').value.trim()) return make();
  send('run', {on: false});
  ++about;
  blank();
  buttons(false);
  $('status').textContent = 'Paste points to learn';
  for (const id of ['density', 'samples', 'grid', 'curve']) paper($(id));
}

function furnish() {
  for (const t of catalogue.targets) $('target').add(new Option(t.title, t.name));
  $('target').add(new Option('My own points …', ''));
  for (const f of catalogue.flows) {
    const label = document.createElement('label');
    label.className = 'flow';
    const input = Object.assign(document.createElement('input'), {
      type: 'radio', name: 'flow', value: f.name, id: 'flow-' + f.name});
    input.setAttribute('aria-describedby', 'flow-words');
    label.append(input, f.title);
    $('radios').append(label);
    input.addEventListener('change', () => {
      $('rate').value = Math.log10(f.rate).toFixed(1);
      chosen();
    });
  }
  const wish = new URLSearchParams(location.hash.slice(1));
  const first = catalogue.flows.find(f => f.name === wish.get('flow')) || catalogue.flows[0];
  $('flow-' + first.name).checked = true;
  $('rate').value = Math.log10(first.rate).toFixed(1);
  if (catalogue.targets.some(t => t.name === wish.get('target'))) $('target').value = wish.get('target');
  $('target').disabled = $('rate').disabled = false;
  $('target').addEventListener('change', chosen);
  $('use').addEventListener('click', () => $('points').value.trim() ? make()
    : $('points-error').textContent = 'There are no points yet.');
  $('rate').addEventListener('input', tellRate);
  $('run').addEventListener('click', () => { if (made) run(!running); });
  $('restart').addEventListener('click', () => { if (made) ++seed, make(); });
  $('download').addEventListener('click', () => { if (made) send('download'); });
  document.addEventListener('visibilitychange', () => { if (running) send('run', {on: !document.hidden}); });
  new ResizeObserver(draw).observe($('pictures'));
  dark.addEventListener('change', draw);
  chosen();
}

// ---- what the worker says

const heard = {
  ready(m) {
    catalogue = m.catalogue;
    colours = m.colours;
    furnish();
  },
  made(m) {
    made = m;
    $('code').textContent = `#include <rheo/rheo.hpp>\n#include <rheo/io/io.hpp>\nusing namespace rheo;\n\n${m.load}`;
    buttons(true);
    captions();
    draw();
    if (calm.matches) {
      figures();
      status();
    } else {
      run(true);
    }
  },
  progress(m) {
    now = m;
    if (Number.isFinite(m.loss)) trained = thin([...trained, [m.steps, m.loss]], 800);
    if (m.refused && !Number.isFinite(m.loss)) {
      run(false);
      ended = `The loss is no longer finite at step ${thousands(m.steps)}: lower the learning rate and restart`;
      summary(true);
    }
    status();
    figures();
  },
  picture(m) {
    shown = m;
    if (Number.isFinite(m.loss)) judged = thin([...judged, [m.at, m.loss]], 800);
    status();
    figures();
    summary(false);
    if (calm.matches && running && performance.now() - drawnAt < 2000) return;
    drawnAt = performance.now();
    draw();
  },
  file(m) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([m.bytes], {type: 'application/octet-stream'}));
    link.download = `${flow.name}.safetensors`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  },
  scores(m) { heard.lastScores = m.values; },
  failed(m) {
    running = false;
    if (!made && $('target').value === '') {
      $('points-error').textContent = m.message.replace(/^points:(\d+):(\d+): /, 'Line $1, character $2: ');
      $('points').setAttribute('aria-invalid', 'true');
      $('status').textContent = 'The points cannot be learned yet';
      buttons(false);
      return;
    }
    ended = `Stopped: ${m.message}`;
    status();
    figures();
    summary(true);
  },
};
worker.onmessage = ({data}) => {
  if (data.kind === 'ready' || data.about === about || data.about === 0) heard[data.kind](data);
};
worker.onerror = e => {
  ended = `The program could not be started: ${e.message || 'worker.js, rheo.js or rheo.wasm is missing'}`;
  status();
};
