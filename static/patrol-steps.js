/* Back and Forward step through choices as people made them.
 *
 * Streamlit writes every change of the address as an entry of its own: a slider that is moved through many values would fill the
 * history, and a page opened from the bar would stand there twice, first without its choices.
 */
(function () {
  "use strict";
  if (window.patrolSteps) return;
  window.patrolSteps = true;

  const TOGETHER_MS = 2000;
  const NONE = { at: -Infinity, keys: "" };
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  let last = NONE;

  /* Names of the choices that differ between two addresses. */
  function moved(before, after) {
    const old = new URLSearchParams(before);
    const now = new URLSearchParams(after);
    const names = new Set([...old.keys(), ...now.keys()]);
    return [...names].filter((name) => old.get(name) !== now.get(name)).sort().join();
  }

  history.pushState = function (data, title, url) {
    const next = new URL(url, location.href);
    if (next.pathname !== location.pathname) {
      last = NONE;
      if (!next.search) next.search = location.search; // choices hold on every page
      return push(data, title, next.href);
    }
    const keys = moved(location.search, next.search);
    const goesOn = keys === last.keys && performance.now() - last.at < TOGETHER_MS;
    last = { at: performance.now(), keys: keys };
    return (goesOn ? replace : push)(data, title, next.href);
  };

  window.addEventListener("popstate", () => {
    last = NONE;
  });
})();
