"""The ways a message leaves: one folder per channel, each behind `tocsin.courier.channel`."""
