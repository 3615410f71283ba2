//! What the Ministry of Finance writes in the demo's cases, and the questions it asks. Placeholders
//! as in [`texts`](super::texts); `{tilrading}` is FIN's own amount.

use super::texts::Text;

pub(super) const ASSESSMENT: [Text; 5] = [
    &[
        "Finansdepartementet mener at behovet for {tema} er godt dokumentert, men at kostnadsanslaget er usikkert.",
        "En nedskalert variant gir det meste av nytten til en lavere kostnad.",
        "Det bør stilles krav om årlig rapportering på måloppnåelse.",
    ],
    &[
        "Forslaget ligger innenfor regjeringens prioriteringer.",
        "Departementet har likevel ikke vist hvorfor {tema} ikke kan dekkes innenfor gjeldende ramme.",
        "Finansdepartementet legger vekt på at tiltaket ikke gir varige bindinger.",
    ],
    &[
        "Analysen av {tema} er grundig, og alternativene er vurdert.",
        "Usikkerheten om framdriften tilsier at bevilgningen fases inn over to år.",
    ],
    &[
        "Finansdepartementet viser til at bevilgningen til {tema} har økt reelt tre år på rad.",
        "Ubrukte midler fra i år kan overføres og dekker deler av behovet.",
        "Videre vekst bør avvente den varslede evalueringen.",
    ],
    &[
        "Tiltaket har god måloppnåelse og begrensede administrative kostnader.",
        "Finansdepartementet har ingen merknader til anslaget for {tema}.",
    ],
];

pub(super) const FIN_VERBAL: [Text; 4] = [
    &[
        "Finansdepartementet tilrår {tilrading} til {tema}.",
        "Resten av forslaget kan vurderes på nytt i neste runde.",
    ],
    &[
        "Forslaget om {tema} tilrås delvis, med {tilrading} og oppstart 1. juli.",
        "Departementet bes legge fram en plan for gevinstuttaket.",
    ],
    &[
        "Det tilrås {tilrading} til {tema}.",
        "Tilrådingen forutsetter at departementet dekker resten innenfor egen ramme.",
    ],
    &[
        "{tema} tilrås tatt inn i budsjettet med {tilrading}.",
        "Bevilgningen gis for ett år om gangen.",
    ],
];

/// The same for cases without an amount.
pub(super) const FIN_VERBAL_WITHOUT_AMOUNT: [Text; 2] = [
    &[
        "Finansdepartementet har ingen merknader til omtalen av {tema}.",
        "Teksten kan tas inn slik den er foreslått.",
    ],
    &[
        "Omtalen av {tema} tilrås, forutsatt at den ikke binder framtidige budsjetter.",
        "Siste setning i forslaget bør derfor gå ut.",
    ],
];

pub(super) const R_CONCLUSION: [Text; 4] = [
    &[
        "Regjeringen slutter seg til Finansdepartementets tilråding om {tema}.",
        "Departementet innarbeider endringen i proposisjonen.",
    ],
    &[
        "Saken om {tema} tas til etterretning.",
        "Departementet kommer tilbake i neste budsjettrunde.",
    ],
    &[
        "Regjeringen gir sin tilslutning til forslaget om {tema} slik det er omtalt i saken.",
        "Finansdepartementet får fullmakt til å justere beløpet etter oppdaterte anslag.",
    ],
    &[
        "{tema} følges opp innenfor de rammene som er vedtatt for departementet.",
        "Det gis ikke rom for ytterligere utgifter i {ar}.",
    ],
];

/// Cost basis, alternatives, risk of not acting, priority, milestones, capacity: asked in turn.
pub(super) const QUESTIONS: [(&str, &str); 6] = [
    (
        "Hva ligger til grunn for kostnadsanslaget for {tema}, og hvor stor er usikkerheten?",
        "Anslaget bygger på inngåtte avtaler og regnskapet for i fjor. Usikkerheten vurderes til pluss/minus 10 prosent.",
    ),
    (
        "Hvilke alternativer til forslaget om {tema} er vurdert, og hvorfor er de valgt bort?",
        "Et rent regelverkstiltak og en mindre tilskuddsordning er vurdert. Begge gir lavere kostnader, men når ikke målgruppen.",
    ),
    (
        "Hva er konsekvensene dersom tiltaket for {tema} ikke gjennomføres i {ar}?",
        "Etterslepet øker, og etaten må si opp midlertidig ansatte. En senere start blir etter vårt skjønn dyrere.",
    ),
    (
        "Hvordan prioriterer departementet {tema} sammenlignet med de andre forslagene i runden?",
        "Forslaget er blant departementets tre høyest prioriterte og står foran øvrige forslag på samme programområde.",
    ),
    (
        "Hvilke milepæler er satt for {tema} det første året?",
        "Kravspesifikasjon i første kvartal, kontrakt før sommeren og oppstart 1. september. Planen følges opp månedlig.",
    ),
    (
        "Har etaten kapasitet og kompetanse til å gjennomføre {tema} i det foreslåtte tempoet?",
        "Ja. Åtte av tolv stillinger er besatt, og resten lyses ut så snart bevilgningen er klar.",
    ),
];

/// Lettered conclusions for the department lists.
pub(super) const CONCLUSIONS: [&str; 3] = [
    "Departementet får i oppdrag å legge fram en oppdatert plan for {tema} innen 1. mars {ar}.",
    "Eventuelle merutgifter til {tema} dekkes innenfor departementets gjeldende ramme.",
    "Finansdepartementet og fagdepartementet avklarer sammen hvordan {tema} skal omtales i proposisjonen.",
];

/// Why FIN sends a case back or turns it down; the workflow demands a reason.
pub(super) const RETURN_REASON: &str =
    "Kostnadsanslaget mangler dokumentasjon. Forslaget må beregnes på nytt før det kan vurderes.";
pub(super) const REJECT_REASON: &str =
    "Forslaget ligger utenfor rammen for runden og er ikke blant departementets prioriteringer.";
