"""Simulator: third-party-style Sparkplug edge nodes without a machine behind them."""
