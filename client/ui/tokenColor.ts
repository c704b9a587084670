/** The colour that a token has right now, as `rgb(…)`: canvas and WebGL know neither variables nor light-dark(). */
export function tokenColor(name: `--${string}`): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  probe.style.display = 'none';
  document.body.append(probe);
  try {
    return getComputedStyle(probe).color;
  } finally {
    probe.remove();
  }
}
