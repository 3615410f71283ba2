//! Filler for large runs: general budget prose, rendered once as a pool of paragraphs and lists from
//! which every document takes its share.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::documents::{Block, Mark, RenderedBlock, Run};

/// Blocks in the pool: enough that documents differ, few enough to stay in the processor's cache.
const POOL_SIZE: usize = 240;
const POOL_SEED: u64 = 2026;

const SENTENCES: [&str; 48] = [
    "Bevilgningen skal dekke utgifter til lønn, husleie, reiser og innkjøp av tjenester.",
    "Etaten har i flere år hatt høyere sykefravær enn sammenlignbare virksomheter.",
    "Det er satt av midler til evaluering, og rapporten skal være offentlig.",
    "Kommunene har ansvaret for gjennomføringen, mens staten dekker merutgiftene.",
    "Anslaget er prisjustert og oppgitt i faste kroner.",
    "Tiltaket er vurdert etter utredningsinstruksen, og de seks spørsmålene er besvart.",
    "Personvernkonsekvensene er utredet sammen med Datatilsynet.",
    "Ordningen ble sist endret for sju år siden og er moden for gjennomgang.",
    "Tilskuddet lyses ut én gang i året med frist 1. februar.",
    "Underforbruket skyldes forsinkede leveranser og ikke lavere behov.",
    "Det gis fullmakt til å overskride bevilgningen mot tilsvarende merinntekter.",
    "Reglene for statsstøtte er ivaretatt gjennom gruppeunntaket.",
    "Flere fylkeskommuner har meldt interesse for å delta i en utprøving.",
    "Sammenlignet med de andre nordiske landene bruker Norge mer per innbygger.",
    "Etterspørselen varierer gjennom året, med en topp i tredje kvartal.",
    "Departementet vil følge opp gjennom tildelingsbrev og etatsstyringsmøter.",
    "Anskaffelsen gjennomføres som konkurranse med forhandling.",
    "Målgruppen er om lag 38 000 personer fordelt på hele landet.",
    "Halvparten av utgiftene er knyttet til tre store prosjekter.",
    "En forsinkelse på ett år øker kostnaden med anslagsvis 6 prosent.",
    "Lønnsandelen er høy, og handlingsrommet på kort sikt er derfor lite.",
    "Det er ikke funnet grunnlag for å foreslå endringer i gebyrene.",
    "Ordningen forvaltes av direktoratet, som også behandler klager i første instans.",
    "Samarbeidet med frivillige organisasjoner har gitt gode resultater.",
    "Riksrevisjonens merknader fra i fjor er fulgt opp.",
    "Virksomheten har redusert arealbruken med en femdel siden 2019.",
    "Beredskapen må kunne opprettholdes også når bemanningen er lav.",
    "Innføringen skjer trinnvis for å begrense risikoen.",
    "Det legges opp til felles løsninger på tvers av etatene.",
    "Brukerne har vært med i utformingen fra starten.",
    "Midlene fordeles etter objektive kriterier, hovedsakelig folketall og reiseavstand.",
    "Regelverket er teknologinøytralt og trenger ingen endring.",
    "Kostnadene ved å drifte to systemer samtidig er tatt med i anslaget.",
    "Forslaget har ingen vesentlige konsekvenser for klima eller natur.",
    "Likestillingsvirkningene er vurdert, og tiltaket treffer kvinner og menn likt.",
    "Ventelistene har gått ned i tre av fire regioner.",
    "Uten tiltaket vil utgiftene under folketrygden øke.",
    "Stortinget har gitt samtykke til rammeavtalen.",
    "Tallene er hentet fra statsregnskapet og etatens egne registre.",
    "Usikkerheten er størst for de siste to årene i perioden.",
    "Arbeidet koordineres av en styringsgruppe med deltakere fra fem departementer.",
    "Det skal rapporteres på produktivitet, kvalitet og brukertilfredshet.",
    "En del av oppgavene kan på sikt overføres til kommunene.",
    "Ordningen er regelstyrt, og bevilgningen følger antallet som har rett til ytelsen.",
    "Kontraktene løper ut i andre kvartal, og ny avtale må være på plass før det.",
    "Tiltaket henger sammen med endringen som er foreslått under et annet programområde.",
    "Gevinsten ved samlokalisering er beregnet av Statsbygg.",
    "Departementet mener at forslaget er forsvarlig og bør gjennomføres som planlagt.",
];

/// Rendered blocks, the same in every run.
pub(super) struct Pool(Vec<RenderedBlock>);

impl Pool {
    pub(super) fn new() -> Self {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(POOL_SEED);
        Self((0..POOL_SIZE).map(|nth| block(nth, &mut rng).render()).collect())
    }

    /// `count` blocks drawn for one case.
    pub(super) fn draw(&self, count: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<&RenderedBlock> {
        (0..count).map(|_| &self.0[rng.random_range(0..self.0.len())]).collect()
    }
}

/// Mostly plain paragraphs; every eighth block is a list and every fourth has emphasis.
fn block(nth: usize, rng: &mut Xoshiro256PlusPlus) -> Block {
    let mut sentences = |count: std::ops::RangeInclusive<usize>| -> Vec<String> {
        let count = rng.random_range(count);
        let start = rng.random_range(0..SENTENCES.len());
        SENTENCES.iter().cycle().skip(start).take(count).map(|&text| text.to_owned()).collect()
    };
    match nth % 8 {
        3 => Block::Bullets(sentences(3..=5)),
        7 => Block::Numbered(sentences(2..=4)),
        1 => led_by(sentences(3..=5), Mark::Bold),
        5 => led_by(sentences(3..=5), Mark::Italic),
        _ => Block::paragraph(sentences(3..=6).join(" ")),
    }
}

/// A paragraph whose first sentence carries a mark.
fn led_by(mut sentences: Vec<String>, mark: Mark) -> Block {
    let rest = sentences.split_off(1).join(" ");
    let lead = sentences.concat();
    Block::Paragraph(vec![Run::marked(lead, vec![mark]), Run::plain(format!(" {rest}"))])
}

/// Two sentences as FIN edits them: one struck out, one written instead.
pub(super) fn edited_paragraph(nth: usize, deletion: Mark, insertion: Mark) -> Block {
    let sentence = |offset: usize| SENTENCES[(nth + offset) % SENTENCES.len()];
    Block::Paragraph(vec![
        Run::plain(format!("{} ", sentence(0))),
        Run::marked(sentence(1), vec![deletion]),
        Run::marked(sentence(2), vec![insertion]),
        Run::plain(format!(" {}", sentence(3))),
    ])
}
