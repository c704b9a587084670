/**
 * GLSL of the layers. All of them place image pixels by the same uniforms, so that zooming and panning change four numbers and no buffer:
 * uView = [centre x, centre y (image px), device px per image px, device px per CSS px], uScreen = canvas size in device px.
 */
const PLACE = `
uniform vec4 uView;
uniform vec2 uScreen;
vec2 onScreen(vec2 p) { return (p - uView.xy) * uView.z + uScreen * 0.5; }
vec4 toClip(vec2 s) { return vec4(s.x / uScreen.x * 2.0 - 1.0, 1.0 - s.y / uScreen.y * 2.0, 0.0, 1.0); }
`;
const HEAD = '#version 300 es\nprecision highp float;\n';

/** The picture: smoothed below 4×, squares above; inversion, contrast around mid grey, brightness, gamma. */
export const PICTURE = {
  vertex: `${HEAD}${PLACE}
in vec2 aPosition;
uniform vec4 uRect;
out vec2 vUv;
void main() { vUv = aPosition; gl_Position = toClip(onScreen(uRect.xy + aPosition * uRect.zw)); }`,
  fragment: `${HEAD}
in vec2 vUv;
out vec4 finalColor;
uniform sampler2D uTexture;
uniform vec4 uRect;
uniform vec4 uLook; // brightness, contrast, 1 / gamma, invert
uniform float uSharp;
void main() {
  vec2 snapped = (floor(vUv * uRect.zw) + 0.5) / uRect.zw;
  vec4 texel = uSharp > 0.5 ? textureLod(uTexture, snapped, 0.0) : texture(uTexture, vUv);
  vec3 c = mix(texel.rgb, vec3(texel.a) - texel.rgb, uLook.w);
  c = clamp((c - 0.5) * uLook.y + 0.5 + uLook.x, 0.0, 1.0);
  finalColor = vec4(pow(c, vec3(uLook.z)), 1.0) * texel.a;
}`,
};

/** Masks: a translucent fill and an outline of one pixel of the screen, both from one coverage texture. */
export const MASK = {
  vertex: `${HEAD}${PLACE}
in vec2 aPosition;
in vec4 aRect;
in vec4 aTex;
in vec4 aInk;
in vec2 aFade; // outline's opacity, birth in ms
uniform float uNow;
out vec2 vTexel;
flat out vec4 vTex;
flat out vec4 vInk;
flat out float vEdge;
void main() {
  vTexel = aTex.xy + aPosition * aTex.zw;
  vTex = aTex;
  float age = clamp((uNow - aFade.y) / 120.0, 0.0, 1.0);
  vInk = vec4(aInk.rgb, aInk.a * age);
  vEdge = aFade.x * age;
  gl_Position = toClip(onScreen(aRect.xy + aPosition * aRect.zw));
}`,
  fragment: `${HEAD}
in vec2 vTexel;
flat in vec4 vTex;
flat in vec4 vInk;
flat in float vEdge;
out vec4 finalColor;
uniform sampler2D uTexture;
uniform vec2 uPage; // texture's size
uniform float uSharp;
uniform float uStep; // texels per CSS px
float at(vec2 texel) {
  // One texel of nothing lies around every mask in the page.
  vec2 inside = clamp(texel, vTex.xy - 0.5, vTex.xy + vTex.zw + 0.5);
  if (uSharp > 0.5) inside = floor(inside) + 0.5;
  return textureLod(uTexture, inside / uPage, 0.0).r;
}
void main() {
  float m = smoothstep(0.35, 0.65, at(vTexel));
  float d = max(uStep, 0.02);
  float least = min(min(at(vTexel + vec2(d, 0.0)), at(vTexel - vec2(d, 0.0))), min(at(vTexel + vec2(0.0, d)), at(vTexel - vec2(0.0, d))));
  float edge = m * (1.0 - smoothstep(0.35, 0.65, least));
  float a = max(vInk.a * m, vEdge * edge);
  finalColor = vec4(vInk.rgb * a, a);
}`,
};

/** Boxes: only the four sides are shaded, as wide as their stroke and halo on the screen, whatever the zoom. */
export const FRAME = {
  vertex: `${HEAD}${PLACE}
in vec3 aPosition; // corner 0 or 1 in x and y, -1 inner or 1 outer
in vec4 aBox;
in vec4 aInk;
in vec4 aLook; // width, dotted, halo's opacity, outset (CSS px)
out float vAway;
out vec2 vAlong;
flat out vec4 vInk;
flat out vec4 vLook;
float snap(float v, float odd) { return floor(v + 0.5 - 0.5 * odd) + 0.5 * odd; }
void main() {
  float dpr = uView.w;
  float width = max(1.0, floor(aLook.x * dpr + 0.5));
  float odd = mod(width, 2.0);
  float outset = aLook.w * dpr;
  vec2 low = onScreen(aBox.xy) - outset;
  vec2 high = onScreen(aBox.xy + aBox.zw) + outset;
  low = vec2(snap(low.x, odd), snap(low.y, odd));
  high = max(low + 1.0, vec2(snap(high.x, odd), snap(high.y, odd)));
  float reach = width * 0.5 + dpr + 1.0;
  float inward = min(reach, 0.5 * min(high.x - low.x, high.y - low.y));
  vAway = aPosition.z > 0.0 ? reach : -inward;
  vec2 way = aPosition.xy * 2.0 - 1.0;
  vec2 p = mix(low, high, aPosition.xy) + way * vAway;
  vAlong = (p - low) / dpr;
  vInk = aInk;
  vLook = vec4(width, aLook.y, aLook.z, dpr);
  gl_Position = toClip(p);
}`,
  fragment: `${HEAD}
in float vAway;
in vec2 vAlong;
flat in vec4 vInk;
flat in vec4 vLook;
out vec4 finalColor;
void main() {
  float away = abs(vAway);
  float line = clamp(vLook.x * 0.5 + 0.5 - away, 0.0, 1.0);
  if (vLook.y > 0.5 && mod(vAlong.x + vAlong.y, 5.0) > 2.0) line = 0.0;
  float halo = clamp(vLook.x * 0.5 + vLook.w + 0.5 - away, 0.0, 1.0) * vLook.z * vInk.a;
  float ink = line * vInk.a;
  float a = ink + halo * (1.0 - ink);
  finalColor = vec4(vInk.rgb * ink, a);
}`,
};

/** Filled rectangles: previews, the selected box's tint, handles (a box of no size with a padding in CSS px). */
export const PLATE = {
  vertex: `${HEAD}${PLACE}
in vec2 aPosition;
in vec4 aBox;
in vec4 aFill;
in vec2 aLook; // padding, border (CSS px)
out vec2 vFrom;
flat out vec2 vSize;
flat out vec4 vFill;
flat out float vBorder;
void main() {
  float dpr = uView.w;
  vec2 pad = vec2(aLook.x * dpr);
  vec2 low = floor(onScreen(aBox.xy) - pad + 0.5);
  vec2 high = floor(onScreen(aBox.xy + aBox.zw) + pad + 0.5);
  vSize = high - low;
  vFrom = aPosition * vSize;
  vFill = aFill;
  vBorder = aLook.y * dpr;
  gl_Position = toClip(low + vFrom);
}`,
  fragment: `${HEAD}
in vec2 vFrom;
flat in vec2 vSize;
flat in vec4 vFill;
flat in float vBorder;
out vec4 finalColor;
void main() {
  vec2 near = min(vFrom, vSize - vFrom);
  bool border = min(near.x, near.y) < vBorder;
  finalColor = border ? vec4(0.03, 0.035, 0.045, 1.0) * 0.9 : vec4(vFill.rgb * vFill.a, vFill.a);
}`,
};

/** Lines between two image points: the stroke through a rejected prediction. */
export const LINE = {
  vertex: `${HEAD}${PLACE}
in vec2 aPosition; // 0…1 along, -1…1 across
in vec4 aEnds;
in vec4 aInk;
in float aWidth;
out float vAway;
flat out vec4 vInk;
flat out vec2 vWidth;
void main() {
  vec2 from = onScreen(aEnds.xy);
  vec2 to = onScreen(aEnds.zw);
  vec2 along = normalize(to - from + vec2(0.0001, 0.0));
  float reach = aWidth * uView.w * 0.5 + uView.w + 0.5;
  vAway = aPosition.y * reach;
  vInk = aInk;
  vWidth = vec2(aWidth * uView.w, uView.w);
  gl_Position = toClip(mix(from, to, aPosition.x) + vec2(-along.y, along.x) * vAway);
}`,
  fragment: `${HEAD}
in float vAway;
flat in vec4 vInk;
flat in vec2 vWidth;
out vec4 finalColor;
void main() {
  float away = abs(vAway);
  float ink = clamp(vWidth.x * 0.5 + 0.5 - away, 0.0, 1.0) * vInk.a;
  float halo = clamp(vWidth.x * 0.5 + vWidth.y + 0.5 - away, 0.0, 1.0) * 0.5 * vInk.a;
  finalColor = vec4(vInk.rgb * ink, ink + halo * (1.0 - ink));
}`,
};

/** Points of a map: a disc, or a ring around one, as large on the screen at any zoom; uSize scales all of them. */
export const DOT = {
  vertex: `${HEAD}${PLACE}
in vec2 aPosition; // -1…1
in vec2 aAt;
in vec4 aInk;
in vec2 aLook; // radius, ring's width or 0 (CSS px)
uniform float uSize;
out vec2 vFrom;
flat out vec4 vInk;
flat out vec3 vLook;
void main() {
  float dpr = uView.w;
  float radius = aLook.y > 0.0 ? (aLook.x + uSize) * dpr : aLook.x * uSize * dpr;
  vLook = vec3(radius, aLook.y * dpr, dpr);
  vFrom = aPosition * (radius + aLook.y * dpr + dpr + 1.0);
  vInk = aInk;
  gl_Position = toClip(onScreen(aAt) + vFrom);
}`,
  fragment: `${HEAD}
in vec2 vFrom;
flat in vec4 vInk;
flat in vec3 vLook;
out vec4 finalColor;
void main() {
  float d = length(vFrom);
  float away = vLook.y > 0.0 ? abs(d - vLook.x) - vLook.y * 0.5 : d - vLook.x;
  float ink = clamp(0.5 - away, 0.0, 1.0) * vInk.a;
  float halo = clamp(0.5 + vLook.z - away, 0.0, 1.0) * 0.45 * vInk.a;
  finalColor = vec4(vInk.rgb * ink, ink + halo * (1.0 - ink));
}`,
};
