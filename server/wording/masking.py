"""What is shown of an address: its owner recognises it, a stranger learns nothing. Source: product page, section 1, step 2."""


def masked_email(address: str) -> str:
    """``victor@yvelines.example.fr`` → ``v***@y***.fr``."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain[:1]}***.{domain.rpartition('.')[2]}"
