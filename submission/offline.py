"""What keeps libraries from fetching anything: every entry point sets it before it imports them, since they read it once."""

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
