//! What the ministries write in the demo's cases: plain Norwegian in the tone of budget documents.
//! A text is a list of sentences, so that an early version can show the first of them and the newest
//! all. `{tema}` is the case's subject, `{belop}` its amount, `{ar}` the budget year.

/// Sentences of one text.
pub(super) type Text = &'static [&'static str];

pub(super) const PROPOSAL: [Text; 6] = [
    &[
        "Departementet foreslår å øke bevilgningen til {tema} med {belop} i {ar}.",
        "Midlene skal gå til de virksomhetene som har størst etterslep og kortest vei til resultater.",
        "Tiltaket kan settes i gang fra 1. januar og krever ingen endring i lov eller forskrift.",
        "Helårsvirkningen er innarbeidet i departementets rammer for årene etter.",
    ],
    &[
        "Det foreslås {belop} til {tema}.",
        "Forslaget følger opp regjeringens plattform og Stortingets behandling av saken i vår.",
        "Bevilgningen fordeles etter søknad, og departementet fastsetter kriteriene i tildelingsbrevet.",
    ],
    &[
        "Regjeringen foreslår en satsing på {tema} med en ramme på {belop}.",
        "Satsingen trappes opp over fire år, med hovedvekten av utgiftene de to første årene.",
        "Kommuner, næringsliv og frivillige organisasjoner er hørt og støtter hovedgrepet.",
    ],
    &[
        "For å styrke {tema} foreslår departementet {belop}.",
        "Om lag to tredeler av beløpet gjelder drift, resten er engangsutgifter til utstyr og opplæring.",
        "Departementet vil rapportere om framdriften i budsjettproposisjonen for neste år.",
        "Dersom prisene utvikler seg som ventet, er det ikke behov for ytterligere midler.",
    ],
    &[
        "Departementet ber om {belop} til arbeidet med {tema} i {ar}.",
        "Beløpet bygger på oppdaterte anslag fra underliggende etat og er kvalitetssikret i departementet.",
        "Uten bevilgningen må pågående aktiviteter trappes ned fra andre halvår.",
    ],
    &[
        "Det foreslås å sette av {belop} til et nytt program for {tema}.",
        "Programmet skal evalueres etter tre år, og ordningen avvikles dersom målene ikke er nådd.",
        "Tilskudd til private aktører forutsetter en egenandel på minst 30 prosent.",
    ],
];

/// For cases that give money back.
pub(super) const REDUCTION: [Text; 3] = [
    &[
        "Departementet foreslår å redusere bevilgningen til {tema} med {belop}.",
        "Innsparingen tas gjennom lavere administrative utgifter og færre konsulentkjøp.",
        "Tilbudet til brukerne blir i hovedsak videreført på dagens nivå.",
    ],
    &[
        "Bevilgningen til {tema} foreslås satt ned med {belop} i {ar}.",
        "Forbruket har de siste tre årene ligget under bevilgningen, og reduksjonen tilpasser rammen til behovet.",
        "Gitte tilsagn blir ikke berørt.",
    ],
    &[
        "Som del av departementets innsparing foreslås det å kutte {belop} i {tema}.",
        "Virksomheten slår sammen to kontorer og sier opp leieavtalen på det minste.",
        "Full virkning nås fra og med andre året.",
    ],
];

/// For cases that change no appropriation.
pub(super) const DESCRIPTION: [Text; 4] = [
    &[
        "Saken gjelder innretningen på {tema} og har ingen bevilgningsmessige konsekvenser i {ar}.",
        "Departementet ønsker regjeringens tilslutning til retningen før arbeidet fortsetter.",
        "En nærmere vurdering av virkemidlene legges fram i budsjettet for neste år.",
    ],
    &[
        "Det foreslås at proposisjonen omtaler status for {tema}.",
        "Stortinget har bedt om en slik redegjørelse, og flere anmodningsvedtak kan da anses som fulgt opp.",
    ],
    &[
        "Departementet orienterer om utviklingen i arbeidet med {tema}.",
        "Etterspørselen har økt raskere enn lagt til grunn, og ventetiden er blitt lengre.",
        "Eventuelle forslag om endret bevilgning fremmes i den ordinære budsjettprosessen.",
    ],
    &[
        "Saken legges fram for å avklare ansvarsdelingen mellom departementene for {tema}.",
        "I dag er oppgavene delt på tre statsråder, og det fører til uklare bestillinger.",
        "Forslaget samler ansvaret uten å flytte bevilgninger mellom kapitler.",
    ],
];

pub(super) const JUSTIFICATION: [Text; 6] = [
    &[
        "Behovet for {tema} har økt vesentlig de siste årene, og dagens ramme dekker ikke etterspørselen.",
        "Riksrevisjonen har pekt på svak måloppnåelse og store forskjeller mellom regionene.",
        "Departementet har vurdert omdisponering innenfor egne rammer, men finner ikke rom for det.",
        "Jo senere tiltaket kommer, jo dyrere blir det å hente inn etterslepet.",
    ],
    &[
        "Tiltaket svarer på utfordringer som er godt dokumentert i siste områdegjennomgang.",
        "Evalueringer av {tema} viser at innsatsen virker når den settes inn tidlig.",
        "Alternativet er økte utgifter til kommunale tjenester og trygdeordninger.",
    ],
    &[
        "Prisveksten på varer og tjenester som inngår i {tema}, har vært høyere enn den generelle kompensasjonen.",
        "Uten justering må volumet ned, og det vil gå ut over brukerne.",
        "Anslaget bygger på avtaler som allerede er inngått.",
    ],
    &[
        "Stortinget har i flere vedtak bedt regjeringen styrke {tema}.",
        "Forslaget er avgrenset til det som er nødvendig for å innfri vedtakene.",
        "Departementet har lagt vekt på tiltak som kan avsluttes uten varige bindinger.",
    ],
    &[
        "Ansvaret for {tema} følger av internasjonale forpliktelser som Norge har sluttet seg til.",
        "Manglende oppfølging kan føre til traktatbruddssak og tap av tillit hos samarbeidspartnere.",
        "Beløpet er beregnet ut fra faktiske kostnader i tilsvarende land.",
    ],
    &[
        "Underliggende etat har effektivisert driften med 4 prosent årlig uten tap av kvalitet.",
        "Ytterligere innsats for {tema} forutsetter derfor friske midler.",
        "Tiltaket gir raskere saksbehandling og færre klager.",
        "Det støtter også opp under målet om mindre bruk av innleie.",
    ],
];

/// For technical adjustments, where policy has no place.
pub(super) const TECHNICAL: [Text; 4] = [
    &[
        "Bevilgningen til {tema} justeres med {belop} som følge av oppdaterte anslag.",
        "Endringen er budsjettnøytral og motsvares av en tilsvarende justering på inntektssiden.",
    ],
    &[
        "Det er oppdaget en feil i fordelingen mellom postene for {tema}.",
        "Justeringen på {belop} retter feilen og endrer ikke aktivitetsnivået.",
    ],
    &[
        "Oppgaver knyttet til {tema} flyttes mellom to virksomheter, og {belop} flyttes med dem.",
        "Overføringen er avtalt mellom departementene og trer i kraft ved årsskiftet.",
    ],
    &[
        "Anslaget for {tema} er oppdatert etter siste regnskapstall.",
        "Differansen på {belop} skyldes i hovedsak færre mottakere og lavere rente enn forutsatt.",
        "Regelverket er uendret.",
    ],
];

pub(super) const VERBAL: [Text; 4] = [
    &[
        "Regjeringen vil prioritere {tema} og komme tilbake til Stortinget med resultatene i {ar}.",
        "Det legges vekt på tiltak som gir varig virkning uten å øke driftsutgiftene.",
    ],
    &[
        "Regjeringen tar sikte på å legge fram en samlet plan for {tema} i løpet av vårsesjonen.",
        "Planen skal bygge på forslagene fra etatene og på innspill fra kommunesektoren.",
    ],
    &[
        "Departementet vil følge utviklingen i {tema} nøye og vurdere behovet for nye virkemidler.",
        "Stortinget orienteres på egnet måte dersom forutsetningene endrer seg.",
    ],
    &[
        "Regjeringen viser til omtalen av {tema} og legger til grunn at arbeidet fortsetter.",
        "Endringer som har budsjettvirkning, fremmes i de ordinære budsjettproposisjonene.",
    ],
];

pub(super) const SOCIOECONOMIC: [Text; 5] = [
    &[
        "Nullalternativet innebærer at ventetiden øker med anslagsvis 15 prosent på tre år.",
        "Netto nytte av forslaget er beregnet til mellom 1,2 og 1,6 ganger kostnaden.",
        "Den største usikkerheten er knyttet til hvor raskt tiltaket kan bemannes.",
    ],
    &[
        "Tre alternativer er vurdert, og det foreslåtte gir størst nytte for pengene.",
        "De prissatte virkningene er i hovedsak spart tid og lavere utgifter til drift.",
        "Virkninger for miljø og personvern er ikke prissatt, men vurderes som små.",
    ],
    &[
        "Investeringen er lønnsom dersom minst 60 prosent av målgruppen tar løsningen i bruk.",
        "Fordelingsvirkningene er positive for personer med lav inntekt.",
    ],
    &[
        "Analysen følger Finansdepartementets rundskriv R-109 med 4 prosent kalkulasjonsrente.",
        "Over en periode på 20 år gir tiltaket en netto nåverdi på om lag halvannen gang investeringen.",
        "Et lavere ambisjonsnivå gir bedre nåverdi per krone, men når ikke målet.",
    ],
    &[
        "Kostnadene er beregnet av etaten og kvalitetssikret av et eksternt miljø.",
        "Nytten kommer først og fremst kommunene og næringslivet til gode.",
        "Forslaget vurderes samlet sett som samfunnsøkonomisk lønnsomt.",
    ],
];

pub(super) const GOAL: [Text; 4] = [
    &[
        "Andelen fullførte tiltak skal øke fra 71 til 80 prosent.",
        "Ventetiden skal ned til seks uker.",
    ],
    &[
        "Minst 90 prosent av brukerne skal være fornøyde med tilbudet.",
        "Kostnaden per bruker skal ikke øke reelt.",
        "Tallene rapporteres i årsrapporten fra etaten.",
    ],
    &["Antall nye avtaler per år.", "Andel av midlene som er utbetalt innen 1. oktober."],
    &[
        "Saksbehandlingstiden skal reduseres med 20 prosent innen to år.",
        "Klageandelen skal ligge under 3 prosent.",
    ],
];

pub(super) const BENEFIT: [Text; 4] = [
    &[
        "Etaten har ansvar for å hente ut gevinstene.",
        "Gevinstene tas ut som redusert innleie fra andre driftsår.",
        "Departementet følger opp i etatsstyringen hvert halvår.",
    ],
    &[
        "Frigjort tid settes inn i veiledning av brukerne.",
        "En tredel av gevinsten tilbakeføres statskassen fra og med tredje år.",
    ],
    &[
        "Det utarbeides en egen plan med ansvar, frister og målepunkter.",
        "Første måling gjøres tolv måneder etter oppstart.",
    ],
    &[
        "Gevinstene er i hovedsak kvalitative og måles i den årlige brukerundersøkelsen.",
        "Økonomiske gevinster ventes tidligst etter fire år.",
    ],
];

pub(super) const COMMENT: [Text; 4] = [
    &[
        "Anslaget må oppdateres når regnskapet for første halvår foreligger.",
        "Etaten leverer nye tall innen utgangen av måneden.",
    ],
    &["Avklart med ekspedisjonssjefen; statsråden er orientert.", "Ingen gjenstående punkter."],
    &[
        "Se også forslaget om samme tema i forrige runde, som ikke fikk tilslutning.",
        "Begrunnelsen er skrevet om etter den runden.",
    ],
    &[
        "Tallgrunnlaget ligger i arkivet under samme saksnummer.",
        "Regnearket er låst; be om tilgang ved behov.",
    ],
];
