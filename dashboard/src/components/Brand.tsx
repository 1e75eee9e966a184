/** The product's name and logo. */

export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <path d="M8 29V12a8 8 0 0 1 16 0v17z" fill="var(--accent)" />
        <path
          d="M12 14.5 16 10l4 4.5M16 10v13"
          fill="none"
          stroke="var(--on-accent)"
          strokeWidth="2.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
        <path d="M4 29h24" stroke="var(--accent)" strokeWidth="2.6" strokeLinecap="round" />
      </svg>
      Milepost
    </span>
  );
}
