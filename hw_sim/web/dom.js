// Elements without markup: texts from the bus are text nodes, whatever is in them.

export const $ = id => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Keeps a list at most so long, and its end in view unless the user has scrolled away from it. */
export function append(list, items, limit) {
  const box = list.parentElement;
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  list.append(...items);
  while (list.childElementCount > limit) list.firstElementChild.remove();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

/** Names of the code for people: "volume_up" is "volume up". */
export const spoken = name => name.replaceAll("_", " ");
