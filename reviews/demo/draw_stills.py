"""Draws the abstract stills of the demo publication into the folder beside this file.

Needs numpy, which nothing else here does: `uv run --with numpy --with pillow reviews/demo/draw_stills.py [name …]`.
Nothing is photographed or traced; add a scene with @scene(name, ratio)."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

W = 1920
rng = np.random.default_rng(7)


def size(r):
    return W, int(round(W / r / 2) * 2)


def blur(a, s):
    if a.ndim == 2:
        return (
            np.asarray(
                Image.fromarray((np.clip(a, 0, 1) * 255).astype("uint8")).filter(ImageFilter.GaussianBlur(s)),
                dtype=np.float32,
            )
            / 255
        )
    return np.dstack([blur(a[..., i], s) for i in range(a.shape[2])])


def sblur(a, s):  # smooth large blur via downscale, float
    h, w = a.shape[:2]
    k = max(1, int(s / 3))

    def one(c):
        im = Image.fromarray(c.astype(np.float32)).resize((max(2, w // k), max(2, h // k)), Image.BOX)
        arr = np.asarray(im)
        for _ in range(3):
            p = np.pad(arr, 1, mode="edge")
            arr = (p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] + 2 * arr) / 6
        return np.asarray(Image.fromarray(arr.astype(np.float32)).resize((w, h), Image.BICUBIC))

    return one(a) if a.ndim == 2 else np.dstack([one(a[..., i]) for i in range(a.shape[2])])


def grid(w, h):
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    return x / w, y / h


def fbm(w, h, sx, sy, oct=5, seed=1, p=0.5):
    r = np.random.default_rng(seed)
    out = np.zeros((h, w), np.float32)
    amp = 1
    tot = 0
    for o in range(oct):
        n = r.random((max(2, int(sy * 2**o) + 2), max(2, int(sx * 2**o) + 2))).astype(np.float32)
        out += amp * np.asarray(Image.fromarray(n).resize((w, h), Image.BICUBIC))
        tot += amp
        amp *= p
    return out / tot


def col(h):
    h = h.lstrip("#")
    return np.array([int(h[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def ramp(t, stops):
    t = np.clip(t, 0, 1)
    ks = [s[0] for s in stops]
    cs = np.array([col(s[1]) for s in stops])
    return np.dstack([np.interp(t, ks, cs[:, i]) for i in range(3)]).astype(np.float32)


def mix(a, b, m):
    m = m[..., None] if np.ndim(m) == 2 else m
    return a * (1 - m) + b * m


def mask(w, h, fn, s=2, bl=0):
    im = Image.new("L", (w * s // 2, h * s // 2), 0)
    d = ImageDraw.Draw(im)
    fn(d, w * s // 2, h * s // 2)
    im = im.resize((w, h), Image.LANCZOS)
    if bl:
        im = im.filter(ImageFilter.GaussianBlur(bl))
    return np.asarray(im, dtype=np.float32) / 255


def figure(d, cx, base, ht, lean=0, fill=255, coat=False, walk=0.0, hat=False):
    """a small standing human silhouette, seen from behind"""
    u = ht / 8.0
    hx = cx + lean * u
    P = lambda pts: d.polygon([(px, py) for px, py in pts], fill=fill)
    d.ellipse([hx - 0.40 * u, base - 8 * u, hx + 0.40 * u, base - 6.95 * u], fill=fill)
    if hat:
        d.ellipse([hx - 0.78 * u, base - 7.80 * u, hx + 0.78 * u, base - 7.52 * u], fill=fill)
        P(
            [
                (hx - 0.42 * u, base - 7.65 * u),
                (hx - 0.36 * u, base - 8.22 * u),
                (hx, base - 8.12 * u),
                (hx + 0.36 * u, base - 8.22 * u),
                (hx + 0.42 * u, base - 7.65 * u),
            ]
        )
    P(
        [
            (hx - 0.24 * u, base - 7.2 * u),
            (hx + 0.24 * u, base - 7.2 * u),
            (hx + 0.30 * u, base - 6.62 * u),
            (hx - 0.30 * u, base - 6.62 * u),
        ]
    )
    P(
        [
            (hx - 0.26 * u, base - 6.85 * u),
            (hx + 0.26 * u, base - 6.85 * u),
            (hx + 0.62 * u, base - 6.55 * u),
            (hx + 0.88 * u, base - 6.25 * u),
            (hx + 0.80 * u, base - 5.3 * u),
            (cx + 0.60 * u, base - 4.3 * u),
            (cx + 0.66 * u, base - 3.7 * u),
            (cx - 0.66 * u, base - 3.7 * u),
            (cx - 0.60 * u, base - 4.3 * u),
            (hx - 0.80 * u, base - 5.3 * u),
            (hx - 0.88 * u, base - 6.25 * u),
            (hx - 0.62 * u, base - 6.55 * u),
        ]
    )
    for sg in (-1, 1):
        P(
            [
                (hx + sg * 0.88 * u, base - 6.3 * u),
                (hx + sg * 0.60 * u, base - 6.2 * u),
                (cx + sg * 0.62 * u, base - 4.6 * u),
                (cx + sg * 0.66 * u, base - 3.35 * u),
                (cx + sg * 0.86 * u, base - 3.3 * u),
                (cx + sg * 0.93 * u, base - 4.6 * u),
            ]
        )
    if coat:
        P(
            [
                (cx - 0.64 * u, base - 4.8 * u),
                (cx + 0.64 * u, base - 4.8 * u),
                (cx + 0.86 * u, base - 1.9 * u),
                (cx - 0.84 * u, base - 1.7 * u),
            ]
        )
    a = 0.22 + walk
    P(
        [
            (cx - 0.66 * u, base - 3.9 * u),
            (cx + 0.04 * u, base - 3.9 * u),
            (cx - (a - 0.30) * u, base - 1.8 * u),
            (cx - (a - 0.16) * u, base),
            (cx - (a + 0.30) * u, base),
            (cx - (a + 0.26) * u, base - 1.8 * u),
        ]
    )
    P(
        [
            (cx - 0.04 * u, base - 3.9 * u),
            (cx + 0.66 * u, base - 3.9 * u),
            (cx + (a + 0.24) * u, base - 1.8 * u),
            (cx + (a + 0.20) * u, base - 0.06 * u),
            (cx + (a - 0.22) * u, base - 0.06 * u),
            (cx + (a - 0.30) * u, base - 1.8 * u),
        ]
    )


def rounded(m, s):
    """soften a mask's corners: blur, then a steep step"""
    b = (
        np.asarray(Image.fromarray((m * 255).astype("uint8")).filter(ImageFilter.GaussianBlur(s)), dtype=np.float32)
        / 255
    )
    return np.clip((b - 0.5) * 3.2 + 0.5, 0, 1)


def finish(img, grain=0.022, vig=0.35, halo=0.25, halocol="#ff7a4a", lift=0.02, mono=None, soft=0.8):
    h, w = img.shape[:2]
    x, y = grid(w, h)
    L = img.mean(2)
    hl = np.clip((L - 0.62) / 0.38, 0, 1)
    img = img + sblur(hl, 34)[..., None] * col(halocol) * halo
    r = ((x - 0.5) * 1.05) ** 2 + ((y - 0.5) * 0.95) ** 2
    img = img * (1 - vig * np.clip(r * 2.6, 0, 1) ** 1.15)[..., None]
    if mono is not None:
        L = img @ np.array([0.3, 0.59, 0.11], np.float32)
        img = ramp(L, mono)
    img = lift + img * (1 - lift)
    if soft:
        img = blur(np.clip(img, 0, 1), soft)
    g = np.random.default_rng(3).normal(0, 1, (h // 2 + 1, w // 2 + 1)).astype(np.float32)
    g = np.asarray(Image.fromarray(g).resize((w, h), Image.BICUBIC))
    L = img.mean(2)
    img = img + (g * grain * (0.35 + 0.9 * np.sqrt(np.clip(L, 0, 1)) * (1 - np.clip(L, 0, 1) * 0.6)))[..., None]
    return Image.fromarray((np.clip(img, 0, 1) * 255).astype("uint8"))


BW = [(0, "#0b0b0c"), (0.25, "#33322f"), (0.55, "#85827a"), (0.8, "#c9c5ba"), (1, "#f2efe6")]
S = {}


def scene(name, r):
    def deco(f):
        S[name] = (f, r)
        return f

    return deco


@scene("rust-and-bone", 2.39)
def _(w, h):
    x, y = grid(w, h)
    c = fbm(w, h, 5, 3, 5, 11)
    c2 = fbm(w, h, 14, 5, 4, 12)
    t = 1 - y * 0.95 + 0.25 * (c - 0.5)
    img = ramp(t, [(0, "#04161f"), (0.35, "#0a3a4a"), (0.65, "#187288"), (0.85, "#5bb3ba"), (1, "#d9f1e6")])
    ang = np.arctan2(y + 0.35, (x - 0.60) * 2.2)
    shafts = np.interp(ang, np.linspace(ang.min(), ang.max(), 160), np.random.default_rng(5).random(160)).astype(
        np.float32
    )
    img += (sblur(shafts, 9) ** 2 * np.exp(-y * 1.7) * 0.55)[..., None] * col("#c9f5ea")
    caus = np.clip(1 - np.abs(c2 - 0.5) * 7, 0, 1) ** 1.5 * np.exp(-(((y + 0.02) / 0.16) ** 2))
    img += blur(caus.astype(np.float32), 7)[..., None] * col("#d8fff2") * 0.33

    # large body passing behind the glass
    def body(d, W, H):
        import math

        pts = []
        for i in range(101):
            s = i / 100
            X = 0.40 + 0.42 * s
            Y = 0.47 - 0.10 * math.sin(s * 3.1) - 0.02 * s
            th = 0.125 * math.sin(math.pi * min(1, s**0.60)) ** 0.7
            pts.append((X * W, (Y - th) * H))
        for i in range(100, -1, -1):
            s = i / 100
            X = 0.40 + 0.42 * s
            Y = 0.47 - 0.10 * math.sin(s * 3.1) - 0.02 * s
            th = 0.155 * math.sin(math.pi * min(1, s**0.62)) ** 0.75
            pts.append((X * W, (Y + th) * H))
        d.polygon(pts, fill=255)
        d.polygon([(0.585 * W, 0.29 * H), (0.60 * W, 0.10 * H), (0.645 * W, 0.285 * H)], fill=255)
        d.polygon([(0.80 * W, 0.45 * H), (0.865 * W, 0.34 * H), (0.845 * W, 0.46 * H), (0.875 * W, 0.56 * H)], fill=255)
        d.polygon([(0.50 * W, 0.55 * H), (0.475 * W, 0.74 * H), (0.545 * W, 0.58 * H)], fill=255)

    m = mask(w, h, body, 2, 9)
    img = mix(img, ramp(1 - y, [(0, "#020d13"), (1, "#08303c")]), m * 0.86)
    bel = mask(w, h, lambda d, W, H: d.ellipse([0.45 * W, 0.50 * H, 0.60 * W, 0.60 * H], fill=255), 2, 16)
    img = mix(img, np.ones_like(img) * col("#9fd0cf"), bel * m * 0.55)
    eye = mask(w, h, lambda d, W, H: d.ellipse([0.437 * W, 0.405 * H, 0.462 * W, 0.437 * H], fill=255), 2, 5)
    img = mix(img, np.ones_like(img) * col("#a8d6d2"), eye * 0.7)
    # floor + glass frames
    fl = np.clip((y - 0.84) / 0.02, 0, 1)
    img = mix(img, np.ones_like(img) * col("#041017"), fl * 0.92)
    refl = np.exp(-(((x - 0.6) / 0.22) ** 2)) * np.exp(-(((y - 0.9) / 0.07) ** 2))
    img += refl[..., None] * col("#2a7f8f") * 0.35 * fl[..., None]
    for X in (0.085, 0.93):
        img = mix(img, np.ones_like(img) * col("#020a0f"), np.clip(1 - np.abs(x - X) / 0.012, 0, 1) ** 0.3 * (y < 0.86))
    f = blur(
        rounded(
            mask(w, h, lambda d, W, H: figure(d, 0.262 * W, 0.90 * H, 0.40 * H, lean=0.10, walk=0.10), 2, 0), 4
        ).astype(np.float32),
        2.6,
    )
    img = mix(img, np.ones_like(img) * col("#02090e"), f * 0.95)
    f2 = blur(np.flipud(np.roll(np.flipud(f), 0, 0)), 1)
    rfl = np.zeros_like(f)
    yb = int(0.90 * h)
    k = min(h - yb, int(0.1 * h))
    rfl[yb : yb + k] = f[yb - k : yb][::-1]
    img = mix(img, np.ones_like(img) * col("#01060a"), blur(rfl, 6) * 0.6)
    return finish(img, halocol="#7fe8e0", halo=0.2, vig=0.5)


@scene("a-prophet", 2.39)
def _(w, h):
    x, y = grid(w, h)
    cx, cy = 0.56, 0.46
    dx = (x - cx) * 2.39
    dy = (y - cy) * 1.0
    d = np.maximum(np.abs(dx) / 0.72, np.abs(dy) / 0.46) + 1e-3
    z = 1 / d
    base = ramp(
        np.clip(1 - np.exp(-z * 0.42), 0, 1),
        [(0, "#1a211f"), (0.4, "#2b3533"), (0.7, "#596b66"), (0.9, "#a9bdb2"), (1, "#f0f6e6")],
    )
    wall = np.abs(dx) / 0.72 > np.abs(dy) / 0.46
    doors = (np.log(z + 0.3) * 5.2) % 1
    door = np.clip(1 - np.abs(doors - 0.5) / 0.27, 0, 1) ** 0.25 * wall * (dy > -0.26 * d * 1.0)
    img = mix(base, base * 0.45, door * 0.8)
    tubes = (~wall) & (dy < 0) & (np.abs(dx) < 0.09 * d * 1.1)
    tt = ((np.log(z + 0.3) * 5.2) % 1) < 0.55
    img = img + (blur((tubes & tt).astype(np.float32), 3) * np.clip(z * 0.28, 0, 1))[..., None] * col("#f2fff0") * 0.9
    floor = (~wall) & (dy > 0)
    img = img + (floor * np.exp(-((dx / (0.16 * d + 0.02)) ** 2)) * np.clip(z * 0.12, 0, 0.5))[..., None] * col(
        "#dfeee0"
    )
    img = img * (0.82 + 0.3 * fbm(w, h, 8, 4, 5, 3))[..., None]
    f = rounded(
        mask(w, h, lambda dd, W, H: figure(dd, 0.535 * W, 0.93 * H, 0.60 * H, walk=0.25, coat=False), 2, 0), 5.5
    )
    img = mix(img, np.ones_like(img) * col("#070a0a"), f * 0.96)
    return finish(img, halocol="#bfe8cf", halo=0.3, vig=0.55)


@scene("dheepan", 2.39)
def _(w, h):
    x, y = grid(w, h)
    img = ramp(1 - y, [(0, "#0d0a0c"), (0.5, "#191620"), (1, "#2a2733")])
    r = np.random.default_rng(9)

    def blocks(d, W, H):
        for i, (X, Wd, T) in enumerate(
            [(0, 0.2, 0.12), (0.22, 0.17, 0.28), (0.41, 0.26, 0.05), (0.69, 0.14, 0.33), (0.85, 0.16, 0.16)]
        ):
            d.rectangle([X * W, T * H, (X + Wd) * W, H], fill=255)

    b = mask(w, h, blocks, 2, 1.5)
    img = mix(img, np.ones_like(img) * col("#100e13"), b)
    for pal, p, bl in (("#f0a64a", 0.16, 2.2), ("#ffe2a6", 0.07, 2.2), ("#7fb5c9", 0.05, 2.5)):

        def win(d, W, H):
            for X, Wd, T in [
                (0, 0.2, 0.12),
                (0.22, 0.17, 0.28),
                (0.41, 0.26, 0.05),
                (0.69, 0.14, 0.33),
                (0.85, 0.16, 0.16),
            ]:
                nx = int(Wd * 80)
                for i in range(nx):
                    for j in range(int((1 - T) * 24)):
                        if r.random() < p * 0.9:
                            X0 = (X + 0.006 + i / 80 * 0.97) * W
                            Y0 = (T + 0.03 + j / 24) * H
                            d.rectangle([X0, Y0, X0 + W * 0.0075, Y0 + H * 0.021], fill=int(130 + 120 * r.random()))

        m = mask(w, h, win, 2, bl)
        img += m[..., None] * col(pal) * 0.95
        img += sblur(m, 26)[..., None] * col(pal) * 0.5

    def bok(d, W, H):
        for _ in range(26):
            X, Y, R = r.random() * W, (0.62 + 0.4 * r.random()) * H, (0.012 + 0.03 * r.random()) * W
            d.ellipse([X - R, Y - R, X + R, Y + R], fill=int(28 + 70 * r.random()))

    m = mask(w, h, bok, 2, 3)
    img += m[..., None] * col("#f08a3c") * 0.55
    f = rounded(
        mask(
            w,
            h,
            lambda d, W, H: (
                figure(d, 0.34 * W, 1.02 * H, 0.70 * H),
                figure(d, 0.415 * W, 1.02 * H, 0.62 * H, coat=True),
                figure(d, 0.375 * W, 1.02 * H, 0.38 * H),
            ),
            2,
            0,
        ),
        7.700000000000001,
    )
    img = mix(img, np.ones_like(img) * col("#060507"), f * 0.97)
    return finish(img, halo=0.35, vig=0.45)


@scene("sisters-brothers", 2.39)
def _(w, h):
    x, y = grid(w, h)
    t = 1 - y / 0.72
    img = ramp(t, [(0, "#f2b45e"), (0.12, "#d77b4a"), (0.35, "#7a4a58"), (0.65, "#2a2b44"), (1, "#10142a")])
    st = np.random.default_rng(2).random((h, w))
    img += ((st > 0.9996) * np.clip(0.45 - y, 0, 1) * 2.2)[..., None]
    n = fbm(w, h, 4, 1, 6, 21)[:1, :].repeat(h, 0)
    n2 = fbm(w, h, 9, 1, 6, 22)[:1, :].repeat(h, 0)
    img = mix(
        img, np.ones_like(img) * col("#3a2433"), blur((y > 0.60 - 0.16 * (n - 0.3)).astype(np.float32), 1.2) * 0.85
    )
    img = mix(img, np.ones_like(img) * col("#0c0a12"), blur((y > 0.76 - 0.05 * (n2 - 0.5)).astype(np.float32), 1.2))

    def rider(d, cx, base, s):
        d.ellipse([cx - 1.5 * s, base - 2.6 * s, cx + 1.2 * s, base - 1.3 * s], fill=255)
        for k in (-1.25, -0.9, 0.65, 0.95):
            d.polygon(
                [
                    (cx + k * s - 0.13 * s, base - 1.7 * s),
                    (cx + k * s + 0.16 * s, base - 1.7 * s),
                    (cx + k * s + 0.06 * s, base),
                    (cx + k * s - 0.08 * s, base),
                ],
                fill=255,
            )
        d.polygon(
            [
                (cx + 0.8 * s, base - 2.3 * s),
                (cx + 1.5 * s, base - 3.5 * s),
                (cx + 2.05 * s, base - 3.2 * s),
                (cx + 2.15 * s, base - 2.95 * s),
                (cx + 1.6 * s, base - 2.9 * s),
                (cx + 1.1 * s, base - 1.6 * s),
            ],
            fill=255,
        )
        d.polygon(
            [
                (cx - 1.45 * s, base - 2.3 * s),
                (cx - 1.85 * s, base - 1.0 * s),
                (cx - 1.5 * s, base - 1.2 * s),
                (cx - 1.2 * s, base - 2.0 * s),
            ],
            fill=255,
        )
        d.polygon(
            [
                (cx - 0.45 * s, base - 2.3 * s),
                (cx - 0.5 * s, base - 3.9 * s),
                (cx + 0.35 * s, base - 3.9 * s),
                (cx + 0.4 * s, base - 2.3 * s),
            ],
            fill=255,
        )
        d.ellipse([cx - 0.3 * s, base - 4.55 * s, cx + 0.22 * s, base - 3.9 * s], fill=255)
        d.ellipse([cx - 0.55 * s, base - 4.42 * s, cx + 0.47 * s, base - 4.22 * s], fill=255)

    f = rounded(
        mask(
            w,
            h,
            lambda d, W, H: (rider(d, 0.60 * W, 0.775 * H, 0.030 * W), rider(d, 0.735 * W, 0.785 * H, 0.027 * W)),
            2,
            0,
        ),
        2.64,
    )
    img = mix(img, np.ones_like(img) * col("#08070d"), f)
    return finish(img, halo=0.2, vig=0.35)


@scene("paris-13th", 1.85)
def _(w, h):
    x, y = grid(w, h)
    img = (
        ramp(1 - y, [(0, "#d8d8d8"), (0.5, "#b9b9b9"), (1, "#8e8e8e")])
        * (0.85 + 0.3 * fbm(w, h, 3, 3, 5, 31))[..., None]
    )
    r = np.random.default_rng(4)
    for X, Wd, T, c, bl in [
        (0.62, 0.13, 0.2, "#7b7b7b", 2.5),
        (0.02, 0.15, 0.26, "#6d6d6d", 2.5),
        (0.78, 0.24, 0.06, "#3d3d3d", 1.2),
        (0.16, 0.2, -0.05, "#262626", 1.2),
    ]:
        m = mask(w, h, lambda d, W, H: d.rectangle([X * W, T * H, (X + Wd) * W, H], fill=255), 2, bl)
        img = mix(img, np.ones_like(img) * col(c), m)

        def win(d, W, H):
            nx = int(Wd * 90)
            ny = int((1 - T) * 46)
            for i in range(1, nx - 1):
                for j in range(1, ny):
                    v = r.random()
                    X0 = (X + i / 90) * W
                    Y0 = (T + j / 46) * H
                    d.rectangle(
                        [X0, Y0, X0 + W * 0.0068, Y0 + H * 0.013], fill=int(40 + 60 * v + (140 if v > 0.93 else 0))
                    )

        m = mask(w, h, win, 2, 0.8)
        img += m[..., None] * 0.5
    f = rounded(
        mask(
            w,
            h,
            lambda d, W, H: (
                d.rectangle([0.40 * W, 0.80 * H, 0.62 * W, 0.812 * H], fill=255),
                [
                    d.rectangle([(0.405 + i * 0.0118) * W, 0.80 * H, (0.4065 + i * 0.0118) * W, H], fill=255)
                    for i in range(19)
                ],
                figure(d, 0.50 * W, 0.99 * H, 0.44 * H),
                figure(d, 0.543 * W, 0.99 * H, 0.41 * H, coat=True),
            ),
            2,
            0,
        ),
        3.9600000000000004,
    )
    img = mix(img, np.ones_like(img) * 0.04, f)
    return finish(img, mono=BW, halo=0.1, vig=0.35)


@scene("le-samourai", 1.85)
def _(w, h):
    x, y = grid(w, h)
    img = (
        ramp(1 - y * 0.8 - 0.25 * np.abs(x - 0.5), [(0, "#14181b"), (0.5, "#39444a"), (1, "#6a787d")])
        * (0.84 + 0.26 * fbm(w, h, 5, 4, 5, 41))[..., None]
    )

    def wins(d, W, H):
        for X in (0.30, 0.565):
            d.rectangle([X * W, 0.10 * H, (X + 0.155) * W, 0.62 * H], fill=255)

    m = mask(w, h, wins, 2, 2.5)
    img = mix(img, ramp(1 - y, [(0, "#c7d3d2"), (1, "#f2f6ee")]), m * 0.95)

    def bars(d, W, H):
        for X in (0.30, 0.565):
            d.rectangle([(X + 0.074) * W, 0.1 * H, (X + 0.081) * W, 0.62 * H], fill=255)
            for Y in (0.27, 0.44):
                d.rectangle([X * W, Y * H, (X + 0.155) * W, (Y + 0.012) * H], fill=255)

    img = mix(img, np.ones_like(img) * col("#2b3438"), mask(w, h, bars, 2, 1.2))
    cur = np.clip(
        1
        - np.minimum(
            np.abs(x - 0.275) / 0.035,
            np.minimum(np.abs(x - 0.483) / 0.033, np.minimum(np.abs(x - 0.543) / 0.03, np.abs(x - 0.745) / 0.035)),
        ),
        0,
        1,
    ) ** 0.4 * ((y > 0.07) & (y < 0.66))
    cur = cur * (0.7 + 0.3 * np.sin(x * 520))
    img = mix(img, np.ones_like(img) * col("#4c585c"), blur(cur.astype(np.float32), 2) * 0.8)
    img += (
        np.clip(1 - np.abs((x - 0.40) - (y - 0.7) * 0.5) / 0.07, 0, 1) * (y > 0.74) * 0.10
        + np.clip(1 - np.abs((x - 0.66) - (y - 0.7) * 0.5) / 0.07, 0, 1) * (y > 0.74) * 0.10
    )[..., None] * col("#dfe9e8")
    img = mix(
        img,
        np.ones_like(img) * col("#12171a"),
        mask(
            w,
            h,
            lambda d, W, H: d.polygon(
                [(0.0, 0.80 * H), (0.25 * W, 0.76 * H), (0.31 * W, 0.79 * H), (0.31 * W, H), (0, H)], fill=255
            ),
            2,
            5,
        )
        * 0.9,
    )
    f = rounded(
        mask(w, h, lambda d, W, H: figure(d, 0.852 * W, 1.04 * H, 0.86 * H, lean=-0.1, coat=True, hat=True), 2, 0),
        4.840000000000001,
    )
    img = mix(img, np.ones_like(img) * col("#0a0d0f"), f * 0.97)
    return finish(img, halocol="#cfe6ee", halo=0.3, vig=0.5)


@scene("spirit-of-the-beehive", 1.66)
def _(w, h):
    import math

    x, y = grid(w, h)
    img = ramp(
        np.exp(-(((x - 0.42) / 0.42) ** 2 + ((y - 0.45) / 0.5) ** 2)) * (0.75 + 0.5 * fbm(w, h, 5, 4, 5, 51)),
        [(0, "#2a1605"), (0.35, "#8a4d0e"), (0.65, "#d98f1f"), (0.85, "#f6c55a"), (1, "#fdeebb")],
    )
    lead = Image.new("L", (w, h), 0)
    d = ImageDraw.Draw(lead)
    R = w * 0.034
    for j in range(-1, int(h / (R * 1.5)) + 2):
        for i in range(-1, int(w / (R * 1.732)) + 2):
            cx = i * R * 1.732 + (R * 0.866 if j % 2 else 0)
            cy = j * R * 1.5
            pts = [
                (cx + R * math.cos(math.pi / 180 * (60 * k - 30)), cy + R * math.sin(math.pi / 180 * (60 * k - 30)))
                for k in range(7)
            ]
            d.line(pts, fill=255, width=9)
    L = np.asarray(lead.filter(ImageFilter.GaussianBlur(1.6)), dtype=np.float32) / 255
    img = mix(img, img * 0.18, L * 0.9)
    for X in (0.0, 0.335, 0.665, 1.0):
        img = mix(img, np.ones_like(img) * col("#180c03"), np.clip(1 - np.abs(x - X) / 0.016, 0, 1) ** 0.25)
    f = rounded(mask(w, h, lambda d, W, H: (figure(d, 0.53 * W, 1.20 * H, 0.66 * H, coat=True),), 2, 0), 11.0)
    img = mix(img, np.ones_like(img) * col("#120802"), f * 0.95)
    return finish(img, halocol="#ffb347", halo=0.35, vig=0.55)


@scene("in-the-mood-for-love", 1.66)
def _(w, h):
    x, y = grid(w, h)
    fold = np.sin(x * 70 + 3 * np.sin(x * 9) + 0.8 * np.sin(y * 3)) * 0.5 + 0.5
    fold2 = np.sin(x * 173 + 1.3 * np.sin(y * 4)) * 0.5 + 0.5
    t = 0.10 + 0.55 * fold**1.4 * 0.8 + 0.12 * fold2
    t *= np.exp(-(((x - 0.30) / 0.55) ** 2)) * 1.1
    img = ramp(t, [(0, "#120305"), (0.35, "#5d0d14"), (0.6, "#a81f1f"), (0.85, "#e0533a"), (1, "#ffb27d")])
    lampx, lampy = 0.745, 0.33
    g = np.exp(-(((x - lampx) / 0.16) ** 2 + ((y - lampy) / 0.24) ** 2))
    img += g[..., None] * col("#f2a444") * 0.55
    lamp = mask(
        w,
        h,
        lambda d, W, H: d.polygon(
            [(0.70 * W, 0.36 * H), (0.722 * W, 0.22 * H), (0.768 * W, 0.22 * H), (0.79 * W, 0.36 * H)], fill=255
        ),
        2,
        4,
    )
    img = mix(img, np.ones_like(img) * col("#ffe6a8"), lamp * 0.95)
    wall = np.clip((x - 0.60) / 0.01, 0, 1)
    wp = ramp(
        np.exp(-(((x - lampx) / 0.3) ** 2 + ((y - lampy) / 0.5) ** 2)),
        [(0, "#0b120d"), (0.5, "#27402c"), (1, "#c99a4c")],
    )
    img = mix(img, wp * (0.8 + 0.35 * (fbm(w, h, 30, 22, 3, 6)))[..., None], wall * 0.82 * (1 - lamp))
    f = rounded(mask(w, h, lambda d, W, H: figure(d, 0.40 * W, 1.16 * H, 0.98 * H, lean=0.25, coat=True), 2, 0), 8.8)
    img = mix(img, np.ones_like(img) * col("#0b0203"), f * 0.94)
    rim = np.clip(f - np.roll(f, -9, 1), 0, 1)
    img += blur(rim, 3)[..., None] * col("#ffb35e") * 0.55
    return finish(img, halo=0.4, vig=0.5)


@scene("sunrise", 1.2)
def _(w, h):
    x, y = grid(w, h)
    hz = 0.60
    img = (
        ramp(1 - y / hz, [(0, "#8c8c8c"), (0.3, "#595959"), (1, "#1c1c1c")])
        * (0.75 + 0.5 * fbm(w, h, 3, 4, 6, 61))[..., None]
    )
    m = mask(w, h, lambda d, W, H: d.ellipse([0.61 * W, 0.14 * H, 0.71 * W, 0.14 * H + 0.10 * W], fill=255), 2, 2)
    img = mix(img, np.ones_like(img) * 0.97, m)
    img += np.exp(-(((x - 0.66) / 0.15) ** 2 + ((y - 0.20) / 0.18) ** 2))[..., None] * 0.35
    wv = fbm(w, h, 10, 90, 4, 62)
    water = y > hz
    img = np.where(
        water[..., None],
        np.ones_like(img) * 0.16
        + (np.exp(-(((x - 0.66) / (0.03 + 0.13 * (y - hz))) ** 2)) * np.clip((wv - 0.42) * 5, 0, 1) * 1.0)[..., None]
        + (0.10 * wv)[..., None],
        img,
    )
    r = np.random.default_rng(8)

    def reeds(d, W, H):
        for _ in range(230):
            X = r.random() ** 1.0 * W
            l = (0.1 + 0.36 * r.random()) * H * (0.35 + 1.1 * abs(X / W - 0.55))
            b = r.normal(0, 0.03) * W
            d.line([(X, H), (X + b * 0.4, H - l * 0.6), (X + b, H - l)], fill=255, width=int(3 + 4 * r.random()))

    img = mix(img, np.ones_like(img) * 0.03, mask(w, h, reeds, 2, 1.6))
    f = rounded(mask(w, h, lambda d, W, H: figure(d, 0.30 * W, 0.93 * H, 0.36 * H, walk=0.1, coat=True), 2, 0), 4.4)
    img = mix(img, np.ones_like(img) * 0.03, f)
    return finish(img, mono=BW, halo=0.35, vig=0.6, grain=0.03)


@scene("late-spring", 1.37)
def _(w, h):
    x, y = grid(w, h)
    img = ramp(1 - y * 0.7, [(0, "#5a5a5a"), (1, "#a9a9a9")])
    panes = np.clip(np.exp(-(((x - 0.52) / 0.45) ** 2)) * np.exp(-(((y - 0.36) / 0.42) ** 2)) * 1.25, 0, 1)
    p = ((x > 0.16) & (x < 0.84) & (y > 0.06) & (y < 0.70)).astype(np.float32)
    img = mix(img, np.ones_like(img) * (0.55 + 0.42 * panes)[..., None], p)

    def lat(d, W, H):
        for i in range(13):
            X = 0.16 + 0.68 * i / 12
            ww = 0.0045 if i % 3 else 0.013
            d.rectangle([(X - ww / 2) * W, 0.06 * H, (X + ww / 2) * W, 0.70 * H], fill=255)
        for j in range(8):
            Y = 0.06 + 0.64 * j / 7
            d.rectangle([0.16 * W, (Y - 0.003) * H, 0.84 * W, (Y + 0.003) * H], fill=255)
        d.rectangle([0.0 * W, 0.0, 0.16 * W, H], fill=170)
        d.rectangle([0.84 * W, 0, W, H], fill=170)
        d.rectangle([0, 0, W, 0.06 * H], fill=190)

    img = mix(img, np.ones_like(img) * 0.13, mask(w, h, lat, 2, 1.4) * 0.95)
    leaf = (
        np.clip((fbm(w, h, 9, 7, 5, 71) - 0.5) * 5, 0, 1)
        * p
        * np.exp(-(((x - 0.35) / 0.2) ** 2) - ((y - 0.3) / 0.25) ** 2)
    )
    img = img * (1 - 0.35 * blur(leaf, 6))[..., None]
    fl = y > 0.70
    img = np.where(
        fl[..., None],
        ramp(1 - (y - 0.7) / 0.3, [(0, "#2c2c2c"), (1, "#6c6c6c")])
        + (np.exp(-(((x - 0.5) / 0.3) ** 2)) * 0.12)[..., None],
        img,
    )
    for k in (0.78, 0.88):
        img = mix(img, np.ones_like(img) * 0.1, np.clip(1 - np.abs(y - k) / 0.004, 0, 1) * 0.7)

    def vase(d, W, H):
        import math

        pts = []
        prof = [
            (0, 0.022),
            (0.08, 0.020),
            (0.16, 0.034),
            (0.35, 0.058),
            (0.55, 0.062),
            (0.75, 0.045),
            (0.92, 0.030),
            (1, 0.034),
        ]
        ys = [0.50 + 0.24 * a for a, _ in prof]
        pts = [((0.335 - b) * W, yy * H) for (a, b), yy in zip(prof, ys)] + [
            ((0.335 + b) * W, yy * H) for (a, b), yy in reversed(list(zip(prof, ys)))
        ]
        d.polygon(pts, fill=255)

    img = mix(img, np.ones_like(img) * 0.06, mask(w, h, vase, 2, 3) * 0.96)
    return finish(img, mono=BW, halo=0.2, vig=0.5, grain=0.03)


@scene("pather-panchali", 1.37)
def _(w, h):
    x, y = grid(w, h)
    hz = 0.50
    img = (
        ramp(1 - y / hz, [(0, "#e6e6e6"), (0.5, "#c2c2c2"), (1, "#8f8f8f")])
        * (0.86 + 0.22 * fbm(w, h, 3, 3, 6, 81))[..., None]
    )
    sm = (
        np.clip((fbm(w, h, 8, 9, 6, 82) - 0.42) * 3.2, 0, 1)
        * np.exp(-(((y - (0.40 - 0.16 * (1 - x))) / 0.085) ** 2))
        * np.clip((0.80 - x) * 5, 0, 1)
    )
    img = mix(img, np.ones_like(img) * 0.2, blur(sm.astype(np.float32), 5) * 0.85)
    img = mix(
        img,
        np.ones_like(img) * 0.12,
        mask(
            w,
            h,
            lambda d, W, H: (
                d.rectangle([0, 0.485 * H, W, 0.50 * H], fill=200),
                [
                    d.rectangle([(0.34 + i * 0.075) * W, 0.452 * H, (0.405 + i * 0.075) * W, 0.487 * H], fill=255)
                    for i in range(6)
                ],
                d.rectangle([0.80 * W, 0.445 * H, 0.85 * W, 0.487 * H], fill=255),
                d.rectangle([0.833 * W, 0.42 * H, 0.842 * W, 0.45 * H], fill=255),
            ),
            2,
            1.6,
        ),
    )
    img = np.where(
        (y > hz)[..., None],
        np.ones_like(img) * (0.42 + 0.2 * fbm(w, h, 40, 14, 4, 83))[..., None] * (1.15 - 0.9 * (y - hz))[..., None],
        img,
    )
    r = np.random.default_rng(12)
    for lo, hi, c, bl, n in ((0.2, 0.34, 0.85, 3, 260), (0.3, 0.55, 0.97, 1.4, 150)):

        def reeds(d, W, H):
            for _ in range(n):
                X = r.random() * W
                l = (lo + (hi - lo) * r.random()) * H
                b = (0.04 + r.normal(0, 0.015)) * W
                d.line([(X, H), (X + b * 0.3, H - l * 0.6), (X + b, H - l)], fill=190, width=2)
                for k in range(9):
                    t = k / 9
                    px = X + b * (0.62 + 0.40 * t)
                    py = H - l * (0.82 + 0.2 * t)
                    q = W * 0.0055 * (1 - t * 0.7)
                    d.ellipse([px - q, py - q * 1.9, px + q, py + q * 1.9], fill=235)

        img = mix(img, np.ones_like(img) * c, mask(w, h, reeds, 2, bl) * 0.85)
    f = rounded(
        mask(
            w,
            h,
            lambda d, W, H: (
                figure(d, 0.20 * W, 0.86 * H, 0.30 * H, walk=0.3),
                figure(d, 0.275 * W, 0.87 * H, 0.25 * H, walk=0.3),
            ),
            2,
            0,
        ),
        3.9600000000000004,
    )
    img = mix(img, np.ones_like(img) * 0.07, f)
    return finish(img, mono=BW, halo=0.15, vig=0.4, grain=0.03)


@scene("beau-travail", 1.66)
def _(w, h):
    x, y = grid(w, h)
    img = ramp(1 - y / 0.40, [(0, "#bfe0e6"), (0.5, "#86bfd8"), (1, "#3f86b5")])
    img = np.where(
        (y > 0.40)[..., None],
        ramp((y - 0.40) / 0.13, [(0, "#1f6f87"), (0.6, "#36a3a3"), (1, "#8fd3bd")])
        * (0.9 + 0.2 * fbm(w, h, 12, 70, 4, 91))[..., None],
        img,
    )
    n = fbm(w, h, 5, 1, 5, 92)[:1, :].repeat(h, 0)
    sand = blur((y > 0.52 - 0.03 * (n - 0.5)).astype(np.float32), 2)
    img = mix(
        img,
        ramp((y - 0.5) / 0.5, [(0, "#f3e6c8"), (0.5, "#e2c48f"), (1, "#b98a55")])
        * (0.88 + 0.24 * fbm(w, h, 26, 16, 5, 93))[..., None],
        sand,
    )
    mt = blur(
        (
            (y < 0.405)
            & (
                y
                > 0.405
                - 0.075 * np.clip((0.64 - x) * 4, 0, 1) * (0.4 + 1.2 * fbm(w, h, 3, 1, 6, 94)[:1, :].repeat(h, 0))
            )
        ).astype(np.float32),
        1.5,
    )
    img = mix(img, np.ones_like(img) * col("#7a8ea0"), mt * 0.8)

    def men(d, W, H):
        for i in range(9):
            figure(
                d,
                (0.18 + 0.082 * i) * W,
                (0.72 + 0.012 * (i % 2)) * H,
                0.215 * H,
                lean=0.25 if i % 3 else -0.1,
                walk=0.15,
            )

    f = rounded(mask(w, h, men, 2, 0), 2.6)
    img = mix(img, np.ones_like(img) * col("#241a14"), f * 0.95)
    sh = np.roll(np.roll(f, 60, 1), 0, 0)

    def shad(d, W, H):
        for i in range(9):
            X = (0.18 + 0.082 * i) * W
            Y = (0.72 + 0.012 * (i % 2)) * H
            d.polygon(
                [(X - 0.008 * W, Y), (X + 0.008 * W, Y), (X + 0.075 * W, Y + 0.055 * H), (X + 0.06 * W, Y + 0.058 * H)],
                fill=255,
            )

    img = mix(img, img * 0.55, mask(w, h, shad, 2, 3) * 0.7)
    return finish(img, halo=0.12, vig=0.3)


@scene("memories-of-murder", 1.85)
def _(w, h):
    x, y = grid(w, h)
    hz = 0.46
    cl = fbm(w, h, 4, 5, 6, 101)
    img = ramp(
        (1 - y / hz) * 0.55 + cl * 0.6 - 0.12, [(0, "#c3b694"), (0.35, "#8d8a7a"), (0.7, "#545a5c"), (1, "#2c3236")]
    )
    r = fbm(w, h, 160, 24, 3, 102)
    rows = np.sin((x - 0.5) / (y - hz + 0.05) * 18) * 0.5 + 0.5
    field = ramp(
        0.25 + 0.6 * r * (0.6 + 0.4 * (y - hz) / 0.5) + 0.14 * rows,
        [(0, "#3a2a0c"), (0.4, "#96701f"), (0.7, "#d9ab3f"), (1, "#f3db86")],
    )
    img = np.where((y > hz)[..., None], field * (1.1 - 0.7 * np.clip(y - hz, 0, 1))[..., None], img)
    n = fbm(w, h, 9, 1, 6, 103)[:1, :].repeat(h, 0)
    img = mix(
        img,
        np.ones_like(img) * col("#2a2f26"),
        blur(((y > hz - 0.05 * (n - 0.25)) & (y < hz + 0.008)).astype(np.float32), 1.5) * 0.9,
    )
    f = rounded(
        mask(w, h, lambda d, W, H: (figure(d, 0.635 * W, 0.80 * H, 0.36 * H, coat=True),), 2, 0), 3.9600000000000004
    )
    img = mix(img, np.ones_like(img) * col("#15130d"), f * 0.96)
    return finish(img, halo=0.12, vig=0.5)


@scene("the-third-man", 1.37)
def _(w, h):
    import math

    np.seterr(all="ignore")
    X, Y = grid(w, h)
    a = math.radians(9)
    x = (X - 0.5) * math.cos(a) - (Y - 0.5) * math.sin(a) / 1.37 + 0.5
    y = (X - 0.5) * math.sin(a) * 1.37 + (Y - 0.5) * math.cos(a) + 0.5
    img = np.ones((h, w, 3), np.float32) * 0.07
    lx, ly = 0.56, 0.40
    wallL = np.exp(-(((x - lx) / 0.30) ** 2 + ((y - ly) / 0.42) ** 2))
    img += (wallL * 0.75)[..., None]
    arch = ((np.abs(x - lx) < 0.155) & (y > 0.36) & (y < 0.80)) | (
        (((x - lx) / 0.155) ** 2 + ((y - 0.36) / 0.2) ** 2 < 1) & (y <= 0.36)
    )
    img = mix(img, np.ones_like(img) * 0.94, blur(arch.astype(np.float32), 3) * 0.96)
    bricks = (((y * 42) % 1 < 0.09) | (((x * 26 + 0.5 * (np.floor(y * 42) % 2)) % 1) < 0.06)) & (~arch) & (y < 0.80)
    img = img * (1 - 0.28 * blur(bricks.astype(np.float32), 1.3))[..., None]
    v = y - 0.80
    st = v > 0
    u = (x - lx) / (v + 0.16)
    cob = (np.sin(u * 52) * np.sin(np.log(np.maximum(v, 0) + 0.05) * 46)) * 0.5 + 0.5
    img = np.where(
        st[..., None],
        (0.05 + np.exp(-((u / 0.9) ** 2)) * cob**2 * 0.85 * np.exp(-v * 1.1))[..., None] * np.ones(3, np.float32),
        img,
    )
    f = rounded(
        mask(w, h, lambda d, W, H: figure(d, 0.545 * W, 0.845 * H, 0.40 * H, coat=True, hat=True, walk=0.25), 2, 0),
        3.5200000000000005,
    )
    img = mix(img, np.ones_like(img) * 0.02, f)
    s = mask(
        w,
        h,
        lambda d, W, H: d.polygon(
            [(0.535 * W, 0.84 * H), (0.565 * W, 0.84 * H), (0.42 * W, H * 1.05), (0.16 * W, H * 1.05)], fill=255
        ),
        2,
        8,
    )
    img = mix(img, img * 0.12, s * 0.9)
    return finish(img, mono=BW, halo=0.35, vig=0.7, grain=0.03)


@scene("wanda", 1.37)
def _(w, h):
    x, y = grid(w, h)
    n = fbm(w, h, 2.2, 1, 6, 111)[:1, :].repeat(h, 0)
    img = ramp(1 - y, [(0, "#cfc9bb"), (1, "#a9b3b5")]) * (0.93 + 0.12 * fbm(w, h, 3, 3, 4, 112))[..., None]
    top = 0.50 - 0.30 * np.exp(-(((x - 0.68) / 0.30) ** 2)) - 0.08 * (n - 0.5)
    hill = blur((y > top).astype(np.float32), 1.5)
    tex = fbm(w, h, 46, 38, 5, 113)
    img = mix(
        img,
        ramp(
            tex * 0.9 + 0.2 * np.clip((y - top), 0, 1),
            [(0, "#141517"), (0.5, "#2e2f31"), (0.8, "#4b4944"), (1, "#6f6a60")],
        ),
        hill,
    )
    road = np.clip(1 - np.abs((x - 0.12) - (y - 0.62) * 1.5) / (0.015 + 0.12 * np.clip(y - 0.6, 0, 1)), 0, 1) ** 0.4 * (
        y > 0.6
    )
    img = mix(img, np.ones_like(img) * col("#8f8778"), road * 0.75)
    f = rounded(mask(w, h, lambda d, W, H: figure(d, 0.405 * W, 0.735 * H, 0.085 * H), 2, 0), 2.2)
    img = mix(img, np.ones_like(img) * col("#f4efe2"), f)
    return finish(img, halo=0.1, vig=0.4, grain=0.05, lift=0.05)


@scene("aftersun", 1.85)
def _(w, h):
    x, y = grid(w, h)
    img = ramp(1 - y / 0.5, [(0, "#f4b6a0"), (0.3, "#c98ba8"), (0.65, "#5c6aa6"), (1, "#27356b")])
    wat = y > 0.5
    wv = fbm(w, h, 9, 60, 4, 121)
    img = np.where(
        wat[..., None],
        ramp(
            (y - 0.5) / 0.5 + 0.35 * (wv - 0.5), [(0, "#d99aa6"), (0.25, "#5f86b0"), (0.7, "#1b5d86"), (1, "#0c2f55")]
        ),
        img,
    )
    c = fbm(w, h, 22, 30, 3, 122)
    ca = np.clip(1 - np.abs(c - 0.5) * 9, 0, 1) ** 1.4 * np.clip((y - 0.66) / 0.4, 0, 1)
    img += blur(ca.astype(np.float32), 5)[..., None] * col("#bff2f0") * 0.30
    n = fbm(w, h, 4, 1, 6, 123)[:1, :].repeat(h, 0)
    img = mix(
        img,
        np.ones_like(img) * col("#3b3660"),
        blur(((y > 0.46 - 0.10 * (n - 0.3)) & (y < 0.505)).astype(np.float32), 2) * 0.9,
    )
    sun = mask(w, h, lambda d, W, H: d.ellipse([0.205 * W, 0.30 * H, 0.243 * W, 0.37 * H], fill=255), 2, 5)
    img = mix(img, np.ones_like(img) * col("#fff0d6"), sun)
    img += np.exp(-(((x - 0.224) / 0.14) ** 2 + ((y - 0.335) / 0.2) ** 2))[..., None] * col("#ff9d6e") * 0.35

    def para(d, W, H):
        d.chord([0.66 * W, 0.12 * H, 0.735 * W, 0.24 * H], 200, 340, fill=255)
        [d.line([((0.668 + 0.0148 * i) * W, 0.165 * H), (0.70 * W, 0.285 * H)], fill=120, width=2) for i in range(5)]
        figure(d, 0.70 * W, 0.325 * H, 0.05 * H)

    img = mix(img, np.ones_like(img) * col("#1c1c3a"), mask(w, h, para, 2, 1) * 0.95)
    return finish(img, halo=0.3, vig=0.4, grain=0.035)


if __name__ == "__main__":
    out = Path(__file__).resolve().parent / "stills"
    out.mkdir(exist_ok=True)
    for n in sys.argv[1:] or list(S):
        f, r = S[n]
        w, h = size(r)
        if r < 1.7:
            w, h = 1440, int(round(1440 / r / 2) * 2)
        f(w, h).save(out / f"{n}.jpg", quality=86, optimize=True, progressive=True)
        print(n, (w, h), flush=True)
