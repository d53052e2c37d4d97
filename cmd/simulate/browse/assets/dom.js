// Elements are made of text and attributes only, never of markup: what a state holds comes
// from the code of the model and is shown as it is.

const svgSpace = 'http://www.w3.org/2000/svg';

// fill sets attributes and adds children: elements, or text. Attributes that are false or
// null are left out, and so are such children; lists of children may be nested.
function fill(at, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === true) at.setAttribute(name, '');
    else if (value !== false && value != null) at.setAttribute(name, value);
  }
  at.append(...children.flat(Infinity).filter((c) => c !== false && c != null));
  return at;
}

export function element(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function drawn(name, attributes, ...children) {
  return fill(document.createElementNS(svgSpace, name), attributes, children);
}

export const byId = (id) => document.getElementById(id);

export const plural = (n, one) => `${n.toLocaleString('en')} ${one}${n === 1 ? '' : 's'}`;

// request asks the server. What it refuses, and that it is not there, are errors.
export async function request(address, method = 'GET') {
  let answer;
  try {
    answer = await fetch(address, { method });
  } catch {
    throw new Error('The server does not answer. Has the command been ended?');
  }
  const body = await answer.json().catch(() => ({ error: `The server answers with status ${answer.status}.` }));
  if (!answer.ok) throw new Error(body.error);
  return body;
}
