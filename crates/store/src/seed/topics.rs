//! What each ministry's cases are about: eight subjects per ministry, worded so that they follow a
//! preposition ("bevilgningen til …", "arbeidet med …").

pub(super) const AID: [&str; 8] = [
    "arbeidsmarkedstiltak for unge",
    "kvalifiseringsprogrammet",
    "arbeidsrettet oppfølging i Nav",
    "tilsyn med arbeidsmiljøet i utsatte bransjer",
    "introduksjonsprogrammet for nyankomne flyktninger",
    "norskopplæring for voksne innvandrere",
    "digitale selvbetjeningsløsninger i Nav",
    "varig tilrettelagt arbeid",
];

pub(super) const BFD: [&str; 8] = [
    "det statlige barnevernet",
    "fosterhjem og beredskapshjem",
    "familievernkontorene",
    "kompetanseheving i kommunalt barnevern",
    "tiltak mot barnefattigdom",
    "krisesentertilbudet",
    "forbrukerrettigheter på digitale plattformer",
    "ungdomstiltak i større bysamfunn",
];

pub(super) const DFD: [&str; 8] = [
    "felles digital infrastruktur",
    "nasjonal strategi for kunstig intelligens",
    "elektronisk identitet for alle",
    "deling av data mellom offentlige virksomheter",
    "bredbåndsutbygging i distriktene",
    "statens arbeidsgiverfunksjon",
    "statsforvalternes tilsynsoppgaver",
    "digital sikkerhet i forvaltningen",
];

pub(super) const ED: [&str; 8] = [
    "flom- og skredforebygging",
    "havvind og tilhørende nett",
    "karbonfangst og -lagring",
    "energieffektivisering i husholdningene",
    "konsesjonsbehandling av nettanlegg",
    "dammer og vassdragsanlegg",
    "forskning på lavutslippsteknologi",
    "kartlegging av havbunnsmineraler",
];

pub(super) const FD: [&str; 8] = [
    "maritime patruljefly",
    "vedlikehold av marinens fartøyer",
    "Heimevernets øving og trening",
    "luftvern av militære baser",
    "eiendom, bygg og anlegg i nord",
    "personell og kompetanse i Forsvaret",
    "beredskapslagre av ammunisjon",
    "alliert mottak og vertslandsstøtte",
];

pub(super) const HOD: [&str; 8] = [
    "psykisk helsevern for barn og unge",
    "fastlegeordningen",
    "kapasitet i intensivavdelingene",
    "legemidler og medisinsk utstyr i beredskap",
    "rusbehandling i kommunene",
    "digital samhandling i helsetjenesten",
    "rekruttering av helsepersonell",
    "investeringer i sykehusbygg",
];

pub(super) const JD: [&str; 8] = [
    "politiets innsats mot organisert kriminalitet",
    "grunnbemanningen i kriminalomsorgen",
    "saksbehandlingstiden i domstolene",
    "redningshelikoptertjenesten",
    "Sivilforsvarets materiell",
    "tiltak mot vold i nære relasjoner",
    "behandling av asylsaker",
    "nødnettet og nødmeldetjenesten",
];

pub(super) const KLD: [&str; 8] = [
    "klimatilpasning i kommunene",
    "skjøtsel av verneområder",
    "opprydding i forurenset sjøbunn",
    "overvåking av truede arter",
    "støtte til utslippskutt i industrien",
    "meteorologisk beredskap",
    "marin forsøpling",
    "miljøforskning og miljøovervåking",
];

pub(super) const KDD: [&str; 8] = [
    "boligsosiale virkemidler",
    "bostøtten",
    "regional utvikling i Nord-Norge",
    "kart- og eiendomsinformasjon",
    "digitale plan- og byggesaker",
    "tilskudd til samiske formål",
    "kommunesammenslåinger",
    "bærekraftige byområder",
];

pub(super) const KUD: [&str; 8] = [
    "folkebibliotekene",
    "frivillige organisasjoner",
    "idrettsanlegg og anlegg for friluftsliv",
    "museene og kulturvernet",
    "medier og pressestøtte",
    "scenekunst i regionene",
    "likestilling og diskrimineringsvern",
    "kunstnerstipendene",
];

pub(super) const KD: [&str; 8] = [
    "studieplasser i helse- og lærerutdanning",
    "bemanningen i barnehagene",
    "lesesatsing i grunnskolen",
    "yrkesfag og læreplasser",
    "forskningsinfrastruktur",
    "fleksibel etter- og videreutdanning",
    "studiestøtten",
    "skolemiljø og tiltak mot mobbing",
];

pub(super) const LMD: [&str; 8] = [
    "jordvern og jordkvalitet",
    "dyrevelferd i husdyrproduksjonen",
    "skogplanting og skogskjøtsel",
    "beredskapslagring av matkorn",
    "reindriftens beitearealer",
    "mattilsyn og plantehelse",
    "bioøkonomi og treforedling",
    "rekruttering til landbruket",
];

pub(super) const NFD: [&str; 8] = [
    "eksportfremme for små og mellomstore bedrifter",
    "kontroll og oppsyn i fiskeriene",
    "fiskehelse i havbruksnæringen",
    "romvirksomhet og satellittkommunikasjon",
    "såkornkapital i distriktene",
    "forenkling for næringslivet",
    "maritim forskning og utvikling",
    "kartlegging av mineralressurser",
];

pub(super) const SD: [&str; 8] = [
    "drift og vedlikehold av riksveier",
    "fornyelse av jernbanenettet",
    "skredsikring på riks- og fylkesveier",
    "kollektivtransport i byområdene",
    "kystinfrastruktur og farleder",
    "lokale flyplasser",
    "trafikksikkerhet for myke trafikanter",
    "nye signalanlegg på Østlandet",
];

pub(super) const UD: [&str; 8] = [
    "humanitær bistand",
    "sivilsamfunn i land i konflikt",
    "norske utenriksstasjoner",
    "konsulær bistand til norske borgere",
    "nedrustning og ikke-spredning",
    "klimafinansiering i utviklingsland",
    "samarbeidet i nordområdene",
    "matsikkerhet i Afrika",
];

pub(super) const FIN_FAG: [&str; 8] = [
    "skatteetatens innkreving",
    "tolletatens grensekontroll",
    "tilsyn med finansmarkedene",
    "offisiell statistikk",
    "statlig økonomistyring",
    "bekjempelse av hvitvasking",
    "modernisering av Folkeregisteret",
    "forvaltning av særavgiftene",
];
