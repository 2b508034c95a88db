"""How alerts are made, changed and deleted; `shared/telemetry` judges them."""
