"""Contrast of the texts of a page in a browser."""

from __future__ import annotations

SMALL_TEXT_CONTRAST = 4.5
"""Minimum contrast ratio of WCAG 2.1, level AA."""
CONTRASTS = """
    const channel = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = (rgb) => {
        const [r, g, b] = rgb.match(/[0-9.]+/g).map(Number).map(channel);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = (element) => {
        for (; element; element = element.parentElement) {
            const colour = getComputedStyle(element).backgroundColor;
            if (colour !== "rgba(0, 0, 0, 0)") return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const textual = [...document.querySelectorAll("body :not(style)")].filter((element) =>
        [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== ""));
    return textual.map((element) => {
        const ink = getComputedStyle(element);
        const colour = element instanceof SVGElement ? ink.fill : ink.color;
        const [low, high] = [light(colour), light(background(element))].sort((a, b) => a - b);
        return [element.textContent.trim(), (high + 0.05) / (low + 0.05)];
    });
"""
