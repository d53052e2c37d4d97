import { element, plural } from './dom.js';

const longText = 44; // columns; a longer text is shown by its parts where it has any

const changedInside = (f) => Boolean(f.change);

// valueOf shows the text of a field, and what it was.
function valueOf(f) {
  const text = element('span', { class: 'value', title: f.text.length > longText ? f.text : null }, f.text || '""');
  if (f.change === 'changed' && f.was !== f.text) {
    return [element('del', { title: f.was }, f.was || '""'), element('span', { class: 'arrow' }, ' → '),
      element('ins', {}, text)];
  }
  if (f.change === 'gone') return [element('del', {}, f.text || '""')];
  return [f.change === 'new' ? element('ins', {}, text) : text];
}

// fieldRow shows a field in a line; with parts it can be opened, and is if a part changed
// and the whole is too long to see which.
function fieldRow(f) {
  const line = [element('span', { class: 'name' }, f.name), ...valueOf(f)];
  const mark = f.change ? `field ${f.change}` : 'field';
  if (!f.parts) return element('div', { class: mark }, line);
  const long = Math.max(f.text.length, (f.was || '').length) > longText;
  const open = f.change === 'changed' && (long || f.was === f.text) && f.parts.some(changedInside);
  return element('details', { class: mark, open }, element('summary', {}, line),
    element('div', { class: 'parts' }, f.parts.map(fieldRow)));
}

function chips(title, timers) {
  if (!timers || timers.length === 0) return null;
  return element('p', { class: 'timers' }, element('span', { class: 'name' }, title),
    timers.map((t) => element('span', { class: `chip ${t.change || ''}`,
      title: t.change === 'gone' ? 'it does not run any more' : null }, t.text ? `${t.name} ${t.text}` : t.name)));
}

function nodeCard(n) {
  const status = n.panic ? 'panicked' : n.up ? 'up' : 'down';
  return element('article', { class: `node ${status}${n.acted ? ' acted' : ''}`, 'data-node': n.name },
    element('h3', {}, n.name, element('span', { class: 'badge' }, status),
      n.acted && element('span', { class: 'badge acted' }, 'acted')),
    n.panic && element('pre', { class: 'panic' }, n.panic),
    chips('timers', n.timers),
    (n.fields || []).map(fieldRow),
    n.up && !n.fields && !n.timers && element('p', { class: 'none' }, 'no fields'),
    n.disk && element('details', { class: 'disk', open: n.disk.some(changedInside) },
      element('summary', {}, `disk: ${plural(n.disk.length, 'file')}`), element('div', { class: 'parts' }, n.disk.map(fieldRow))));
}

function messageRow(m) {
  return element('li', { class: m.new ? 'message new' : 'message' },
    element('span', { class: 'route' }, `${m.from} → ${m.to}`), element('span', { class: 'value' }, m.text),
    m.copies > 1 && element('span', { class: 'badge' }, `× ${m.copies}`), m.new && element('span', { class: 'badge acted' }, 'new'));
}

// showState fills the panel of the state with a scene.
export function showState(panel, scene) {
  panel.replaceChildren();
  if (!scene) {
    panel.append(element('p', { class: 'none' }, 'Choose one of the initial states on the right.'));
    return;
  }
  if (scene.rest) panel.append(element('p', { class: 'rest' }, 'At rest: nothing but faults can happen here.'));
  panel.append(element('div', { class: 'nodes' }, scene.nodes.map(nodeCard)));
  panel.querySelector('.node.acted')?.scrollIntoView({ block: 'nearest' });
  panel.append(element('h3', {}, 'Messages under way ', element('span', { class: 'count' }, scene.messages.length)));
  panel.append(scene.messages.length ? element('ul', { class: 'messages' }, scene.messages.map(messageRow))
    : element('p', { class: 'none' }, 'none'));
  if (scene.faults) panel.append(element('h3', {}, 'Faults'), ...scene.faults.map(fieldRow));
  if (scene.observer) panel.append(element('h3', {}, 'What the observer knows'), ...scene.observer.map(fieldRow));
}

const marks = { holds: '✓', violated: '✗', happens: '●', 'not here': '○' };

// showClaims lists what the properties say of the state, if there is one.
export function showClaims(list, scene) {
  const claims = scene?.claims || [];
  list.replaceChildren(...claims.map((c) => element('li', { class: `claim ${c.status.replaceAll(' ', '-')}` },
    element('span', { class: 'mark', 'aria-hidden': 'true' }, marks[c.status] || '·'),
    element('span', {}, element('strong', {}, c.name), ` ${c.kind}: `, element('em', {}, c.status),
      c.detail && element('pre', {}, c.detail)))));
  if (scene && claims.length === 0) list.append(element('li', { class: 'none' }, 'The model has none.'));
}
