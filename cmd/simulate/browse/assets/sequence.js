import { drawn, element } from './dom.js';

// The path as a sequence diagram: a lifeline for each node, a row for each step. Arrows go
// from where a message was sent to where it was delivered or lost.

const rowHeight = 28;
const headHeight = [30, 46]; // of names on one level, and on two where they are close together
const margin = 30; // left of the first lifeline, for the numbers of steps
const middle = rowHeight / 2;

// laneWidth is how far lifelines are apart: as names need, as far as there is room.
function laneWidth(names, room) {
  const longest = Math.max(...names.map((n) => n.length));
  return Math.max(26, Math.min(Math.max(46, longest * 7.5 + 14), room / names.length));
}

function short(name, width) {
  const fits = Math.max(3, Math.floor(width / 7.2));
  return name.length > fits ? `${name.slice(0, fits - 1)}…` : name;
}

// head is where an arrow ends: its two barbs.
function head(x, y, dx, dy) {
  const n = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / n, dy / n];
  const at = (back, side) => `${x - ux * back - uy * side} ${y - uy * back + ux * side}`;
  return `M${at(8, 4)}L${x} ${y}L${at(8, -4)}`;
}

function cross(x, y, size, name) {
  const d = 2 * size;
  return drawn('path', { class: name, d: `M${x - size} ${y - size}l${d} ${d}m0 ${-d}l${-d} ${d}` });
}

// flightMark draws one message: dashed if it is under way, with a cross if it is lost.
function flightMark(f, x, y, names, last) {
  const [x1, y1, x2] = [x(f.from), y(f.sent), x(f.to)];
  const to = f.done || last + 1;
  const title = drawn('title', {}, `${names[f.from]} → ${names[f.to]}: ${f.text}`);
  const group = (name, ...parts) =>
    drawn('g', { class: `flight ${name}`, 'data-from': names[f.from], 'data-to': names[f.to] }, title, parts);
  if (!f.done) { // a stub
    const side = Math.sign(x2 - x1) || 1;
    const dx = Math.min(16, Math.abs(x2 - x1) / 2 || 16) * side;
    return group('afloat', drawn('path', { d: `M${x1} ${y1}l${dx} 9${head(x1 + dx, y1 + 9, dx, 9)}` }));
  }
  const y2 = y(to);
  if (x1 === x2) { // to itself
    const curve = `M${x1} ${y1}C${x1 + 22} ${y1},${x1 + 22} ${y2},${x2 + 4} ${y2}`;
    const bend = drawn('path', { d: curve + head(x2 + 4, y2, -1, 0) });
    return group(f.lost ? 'lost' : 'delivered', bend, f.lost && cross(x2 + 10, y2, 4, 'mark'));
  }
  const length = Math.hypot(x2 - x1, y2 - y1);
  const stop = f.lost ? 12 : 5; // short of the lifeline
  const [ex, ey] = [x2 - ((x2 - x1) * stop) / length, y2 - ((y2 - y1) * stop) / length];
  return group(f.lost ? 'lost' : 'delivered',
    drawn('path', { d: `M${x1} ${y1}L${ex} ${ey}${f.lost ? '' : head(ex, ey, ex - x1, ey - y1)}` }),
    f.lost && cross(ex, ey, 4, 'mark'));
}

// stepMark draws what happens on a lifeline, or across all of them.
function stepMark(s, i, x, y, names) {
  const [cx, cy] = [x(s.node), y(i)];
  switch (s.kind) {
    case 'boot':
      return names.map((_, n) => drawn('circle', { class: 'boot', cx: x(n), cy, r: 3.5 }));
    case 'timer':
      return [drawn('circle', { class: 'timer', cx, cy, r: 6.5 }),
        drawn('path', { class: 'timer', d: `M${cx} ${cy - 4}V${cy}l3 2` })];
    case 'crash':
      return [cross(cx, cy, 5.5, 'crash')];
    case 'restart':
      return [drawn('circle', { class: 'restart', cx, cy, r: 5.5 })];
    case 'drop':
      return [];
    case 'duplicate':
      return [drawn('path', { class: 'duplicate', d: `M${cx - 5} ${cy}h10M${cx} ${cy - 5}v10` })];
    case 'cut':
    case 'mend':
    case 'tick':
      return [drawn('path', { class: s.kind, d: `M${x(0) - 14} ${cy}H${x(names.length - 1) + 14}` })];
  }
  return [drawn('circle', { class: 'deliver', cx, cy, r: 3.5 })];
}

// crashes draws the nodes that are down after a step which is no crash itself: they crashed
// or panicked in the middle of it.
function crashes(path, i, x, y) {
  const before = path[i - 1]?.down || [];
  if (i === 0 || path[i].kind === 'crash') return [];
  return (path[i].down || []).filter((n) => !before.includes(n)).map((n) => cross(x(n), y(i), 5.5, 'crash'));
}

// lifelines draws each node's line, dashed while it is down.
function lifelines(path, x, y, names) {
  const lines = [];
  names.forEach((name, n) => {
    for (let i = 0; i < path.length; i++) {
      const down = path[i].down?.includes(n);
      const end = i + 1 < path.length ? y(i + 1) : y(i) + middle;
      lines.push(drawn('path', { class: down ? 'life down' : 'life', d: `M${x(n)} ${y(i)}V${end}` }));
    }
  });
  return lines;
}

function heads(names, lane, x, width) {
  const staggered = names.some((n) => n.length * 7.2 > lane - 4);
  const height = headHeight[staggered ? 1 : 0];
  const texts = names.map((name, n) => drawn('text', { x: x(n), y: staggered && n % 2 ? 18 : height - 10, class: 'head' },
    short(name, staggered ? 2 * lane - 8 : lane + 2), drawn('title', {}, name)));
  return drawn('svg', { class: 'heads', width, height, 'aria-hidden': 'true' }, texts);
}

const words = { deliver: '', timer: 'timer ', crash: 'crash', restart: 'restart', drop: 'lost: ', duplicate: 'doubled: ',
  cut: 'cut ', mend: 'mend ', tick: 'time passes' };

function rowText(s, told) {
  return [s.note && element('span', { class: 'note' }, `${s.note}: `),
    s.kind === 'boot' ? s.line : words[s.kind] + (s.about || ''),
    told.length > 0 && element('span', { class: 'told' }, ` ${told.join(', ')}`)];
}

// drawSequence fills the panel with the path of a state; address makes the address of the
// state after a step, which a click on its row leads to.
export function drawSequence(panel, state, names, address) {
  const path = state.path;
  panel.replaceChildren();
  if (path.length === 0) return;
  const lane = laneWidth(names, panel.clientWidth * 0.56);
  const width = Math.ceil(margin + lane * names.length);
  const x = (n) => margin + lane * (n + 0.5);
  const y = (i) => i * rowHeight + middle;
  const fps = path.map((s) => s.fingerprint);
  const last = path.length - 1;
  const header = heads(names, lane, x, width);
  const chart = drawn('svg', { class: 'chart', width, height: path.length * rowHeight + 6, role: 'img',
    'aria-label': `Sequence diagram of ${last} steps of ${names.join(', ')}` },
  lifelines(path, x, y, names), state.flights.map((f) => flightMark(f, x, y, names, last)),
  path.flatMap((s, i) => [...stepMark(s, i, x, y, names), ...crashes(path, i, x, y)]));
  const rows = path.map((s, i) => {
    const told = state.tellings.filter((t) => t.step === i).map((t) => (i === 0 ? `${names[t.node]} ${t.text}` : t.text));
    const row = element('a', { class: `row ${s.kind}`, href: address(fps.slice(0, i + 1)), title: [s.line, ...told].join('\n'),
      'aria-current': i === last ? 'step' : null },
    element('span', { class: 'number' }, i), element('span', { class: 'text' }, rowText(s, told)));
    row.style.paddingLeft = `${width + 8}px`;
    return row;
  });
  panel.append(header, element('div', { class: 'rows' }, chart, rows));
  panel.querySelector('[aria-current]').scrollIntoView({ block: 'nearest' });
}
